"""Shapes of what joins rooms, on the wire."""
