"""What we may do: gate, limits, capital profiles, emergency stop."""
