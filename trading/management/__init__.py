"""Operator Operator commands of the trading room of the trading room."""
