"""Application configuration of the risk room."""

from django.apps import AppConfig


class RiskConfig(AppConfig):
    """What we may do: gate, limits, capital profiles, emergency stop."""

    name = "risk"
    default_auto_field = "django.db.models.BigAutoField"
