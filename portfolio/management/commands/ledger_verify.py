"""Verify that ledger, balances, sleeves, reserves and fills agree."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portfolio.management.commands import account_or_all
from portfolio.services import ledger_verify


class Command(BaseCommand):
    """Derives every balance again; ends with 1 when anything differs."""

    help = "Derive every balance from the ledger again and compare; exit 1 and a list on any difference."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare --account."""
        parser.add_argument("--account", type=int, help="only this account")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print every difference."""
        found = ledger_verify(account_or_all(options["account"]))
        for difference in found:
            self.stdout.write(difference)
        if found:
            self.stderr.write(f"{len(found)} difference{'s' if len(found) > 1 else ''}.")
            raise SystemExit(1)
        self.stdout.write("The ledger holds.")
