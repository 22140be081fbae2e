"""Application configuration of operations."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Audit chain, events, jobs, notifications, health probes, locks, errors."""

    name = "operations"

    def ready(self) -> None:
        """Register the system checks."""
        from operations import checks  # noqa: F401 - registering is the point
