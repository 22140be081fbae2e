"""How we know: audit chain, events, jobs, notifications, health probes, locks, errors."""
