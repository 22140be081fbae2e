"""Sweep once over open orders."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from trading.services.reconcile import reconcile_round


class Command(BaseCommand):
    """Take up what a crash left in the middle and compare orders with their fills."""

    help = "Sweep once over open orders: send again what was not answered, compare with fills; exit 1 on a difference."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what the round found."""
        result = reconcile_round(wall_time=timezone.now())
        for difference in result.differences:
            self.stdout.write(difference)
        if not result.clean:
            raise CommandError(f"{len(result.differences)} differences; the accounts concerned must not trade.")
        self.stdout.write(f"Clean; {result.resent} orders taken up again.")
