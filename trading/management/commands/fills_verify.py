"""Compare every fill with its order and its position entry."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trading.services.reconcile import fills_verify


class Command(BaseCommand):
    """Derive again and compare."""

    help = "Compare every fill with its order and its position entry; exit 1 on any difference."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the differences, or that there are none."""
        differences = fills_verify()
        for difference in differences:
            self.stdout.write(difference)
        if differences:
            raise CommandError(f"{len(differences)} differences between fills, orders and position entries.")
        self.stdout.write("Fills, orders and position entries agree.")
