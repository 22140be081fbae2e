"""How a feed turns bars into events."""
