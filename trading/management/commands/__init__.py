"""Operator commands of the trading room."""
