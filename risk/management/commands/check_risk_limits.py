"""Shows every account's limits, how much of each is used, and its stops."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from portfolio.models import Account
from risk import wording
from risk.measures import Measure
from risk.selectors import measures_get, stop_state

FULL = Decimal(1)


class Command(BaseCommand):
    """check_risk_limits [--account ID]; exit code 1 when a limit is used up or an account is stopped."""

    help = "Show limits and their use, by account."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--account", type=int, help="this account only")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command."""
        accounts = Account.objects.filter(archived_at=None).select_related("feed__dataset_version")
        if options["account"]:
            accounts = accounts.filter(pk=options["account"])
            if not accounts:
                raise CommandError("There is no such account.", returncode=2)
        console = Console(file=self.stdout, width=100)  # type: ignore[arg-type]  # writes text like any file
        critical = [account.pk for account in accounts if not self._shown(console, account)]
        if critical:
            raise CommandError(f"Limits or stops of {len(critical)} accounts ask for attention.", returncode=1)

    def _shown(self, console: Console, account: Account) -> bool:
        """Print one account; whether it is in order."""
        stop, found = stop_state(account=account), measures_get(account)
        table = Table(title=f"{account.pk} {account}: {stop.level}", title_justify="left")
        for name, side in (("Limit", "left"), ("Value", "right"), ("Limit is", "right"), ("Used", "right")):
            table.add_column(name, justify=side)  # type: ignore[arg-type]  # both are justifications
        for measure in found:
            table.add_row(*_cells(measure, account.currency))
        console.print(table)
        for reason in stop.reasons:
            console.print(f"  {reason}", markup=False)
        return stop.level == "ACTIVE" and not any(one.used is not None and one.used >= FULL for one in found)


def _cells(measure: Measure, currency: str) -> tuple[str, str, str, str]:
    used = "" if measure.used is None else wording.amount(measure.used, "fraction", "")
    return (
        measure.label,
        wording.amount(measure.value, measure.unit, currency),
        wording.bound(measure.limit, measure.unit, currency),
        used,
    )
