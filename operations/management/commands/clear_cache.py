"""Empties the default cache. Nothing of record lives there."""

from typing import Any

from django.core.cache import cache
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """clear_cache."""

    help = "Empty the default cache; sign-in rate limits start anew, nothing of record is lost."

    def handle(self, *args: Any, **options: Any) -> None:
        cache.clear()
        self.stdout.write("The cache is empty.")
