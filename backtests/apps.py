"""Application configuration of the backtests room."""

from django.apps import AppConfig


class BacktestsConfig(AppConfig):
    """Trading, simulated: the engine and its runs."""

    name = "backtests"
    default_auto_field = "django.db.models.BigAutoField"
