"""Application configuration of the marketdata room."""

from django.apps import AppConfig


class MarketdataConfig(AppConfig):
    """What the market did: instruments, bars, quotes, providers, lake."""

    name = "marketdata"
    default_auto_field = "django.db.models.BigAutoField"
