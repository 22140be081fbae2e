"""Application configuration of the composition root."""

from django.apps import AppConfig


class QuantsiteConfig(AppConfig):
    """Settings, routes, pages and commands that join rooms."""

    name = "quantsite"

    def ready(self) -> None:
        """Register the system checks."""
        from quantsite import checks  # noqa: F401 - registering is the point
