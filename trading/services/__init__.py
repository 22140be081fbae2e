"""Changes to deployments, orders and fills. Each locks the account first; audit and events are inside."""
