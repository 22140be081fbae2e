"""Application configuration of the trading room."""

from django.apps import AppConfig


class TradingConfig(AppConfig):
    """What we asked for and what we got: strategies, orders, brokers, fills."""

    name = "trading"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        from trading import checks  # noqa: F401 - registering is the point
