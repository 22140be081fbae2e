"""Run as ``python -m tests.chaos.verdict``: derive everything again and print as JSON what does not agree."""

from __future__ import annotations

import json
import os
from collections import Counter
from decimal import Decimal
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quantsite.settings")
django.setup()

from django.utils import timezone  # noqa: E402 - after the set-up

from backtests import engine  # noqa: E402 - as above
from marketdata.models import Feed  # noqa: E402 - as above
from operations.services import audit_verify  # noqa: E402 - as above
from portfolio.models import Account, Valuation  # noqa: E402 - as above
from portfolio.services import ledger_verify, positions_rebuild  # noqa: E402 - as above
from tests.flows.test_parity import engine_run, paper_rows  # noqa: E402 - as above
from tests.world import World  # noqa: E402 - as above
from trading.lifecycle import OrderState  # noqa: E402 - as above
from trading.models import Deployment, Evaluation, Fill, Order  # noqa: E402 - as above
from trading.services.reconcile import fills_verify, reconcile_round  # noqa: E402 - as above

ON_ITS_WAY = (OrderState.APPROVED, OrderState.SUBMITTING, OrderState.CANCEL_PENDING, OrderState.UNKNOWN)


def main() -> None:
    """Print the differences, section by section, and how much was traded."""
    account = Account.objects.get()
    world = World(Feed.objects.get(pk=account.feed_id), account)
    result = engine_run(world, 0, Decimal)
    simulated, papers = Counter(engine.fill_rows(result)), Counter(paper_rows(account))
    equity = {
        (row.session_on, str(row.phase)): row.equity for row in Valuation.objects.filter(account=account).iterator()
    }
    found: dict[str, Any] = {
        "ledger": ledger_verify(),
        "positions": positions_rebuild(),
        "fills": fills_verify(),
        "audit": [str(each) for each in audit_verify()],
        "reconcile": reconcile_round(wall_time=timezone.now()).differences,
        "lost": [str(row) for row in simulated - papers],
        "doubled": [str(row) for row in papers - simulated],
        "equity": [
            f"{session_on} {phase}: {equity[session_on, phase]} is not {value}"
            for session_on, phase, value in engine.equity_rows(result)
            if (session_on, phase) in equity and abs(equity[session_on, phase] - value) >= Decimal("0.01")
        ],
        "on their way": [str(order.pk) for order in Order.objects.filter(state__in=ON_ITS_WAY)],
        "deployments": [f"{row} is {row.state}: {row.message}" for row in Deployment.objects.exclude(state="running")],
        "evaluations": [str(row) for row in Evaluation.objects.exclude(state=Evaluation.State.ACTED)],
    }
    differences = {name: rows for name, rows in found.items() if rows}
    print(json.dumps({"differences": differences, "fills": Fill.objects.count()}))  # noqa: T201 - a command's output


if __name__ == "__main__":
    main()
