"""Fold positions from their entries again and compare, or put right."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portfolio.management.commands import account_or_all
from portfolio.services import positions_rebuild


class Command(BaseCommand):
    """Folds every sleeve again; ends with 1 when anything differed, put right or not."""

    help = "Fold every sleeve from its entries again and compare; exit 1 and a list on any difference."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare --account and --apply."""
        parser.add_argument("--account", type=int, help="only this account")
        parser.add_argument("--apply", action="store_true", help="put the sleeves right (audited)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print every difference."""
        found = positions_rebuild(account_or_all(options["account"]), apply=options["apply"])
        for difference in found:
            self.stdout.write(difference)
        if not found:
            self.stdout.write("Positions equal their entries.")
            return
        done = "put right" if options["apply"] else "found"
        self.stderr.write(f"{len(found)} difference{'s' if len(found) > 1 else ''} {done}.")
        raise SystemExit(1)
