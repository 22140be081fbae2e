"""Who: people, site roles, API tokens, sign-ins."""
