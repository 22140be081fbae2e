"""REST: orders and what became of them, deployments and strategies, and the seeds' trading endpoints."""
