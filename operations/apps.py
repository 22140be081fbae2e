"""Application configuration of the operations room."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """How we know: audit chain, events, jobs, notifications, health probes."""

    name = "operations"
    default_auto_field = "django.db.models.BigAutoField"
