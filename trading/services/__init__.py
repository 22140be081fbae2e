"""Changes to deployments, orders and fills. Each locks the account first; audit and events are inside."""

from trading.services.deployments import (
    account_start,
    account_stop,
    deployment_create,
    deployment_pause,
    deployment_start,
    deployment_stop,
    deployment_update,
)

__all__ = [
    "account_start",
    "account_stop",
    "deployment_create",
    "deployment_pause",
    "deployment_start",
    "deployment_stop",
    "deployment_update",
]
