"""What we own: accounts, ledger, positions, valuation, performance."""
