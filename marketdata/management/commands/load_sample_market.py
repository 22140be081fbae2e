"""`load_sample_market`: the sample market into the lake; a second run changes nothing."""

from typing import Any

from django.core.management.base import BaseCommand

from marketdata.management.reporting import ingest_reported
from marketdata.services import sample_market_load


class Command(BaseCommand):
    """Load the sample market."""

    help = "Load the sample market (real daily bars, 2000 to 2013) into the lake."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load it, showing progress."""
        ingest_reported(self, sample_market_load)
