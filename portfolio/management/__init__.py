"""Commands of the portfolio room."""
