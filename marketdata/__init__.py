"""What the market did: instruments, bars, quotes, providers, the lake and the replay feed."""
