"""Application configuration of the portfolio room."""

from django.apps import AppConfig


class PortfolioConfig(AppConfig):
    """What we own: accounts, ledger, positions, valuation, performance."""

    name = "portfolio"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        from portfolio import checks  # noqa: F401 - registering is the point
