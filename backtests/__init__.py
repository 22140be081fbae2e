"""Trading, simulated: the engine and its runs."""
