"""Vendors and files that bars and quotes come from. Adapters."""
