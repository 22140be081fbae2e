"""Commands of risk."""
