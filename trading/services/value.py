"""Valuing an account after an event: recorded, laddered, shown. Twice a bar in simulation, each sufficient."""

from __future__ import annotations

from typing import Any

from portfolio.models import Account, Valuation
from portfolio.services import valuation_record
from risk.services import ladder_apply
from trading.lifecycle import OPEN_STATES
from trading.models import Deployment, Order
from trading.selectors.pictures import day_start_get, marks_for_account
from trading.services.changes import Changes


def account_value(*, account: Account, event: Any, changes: Changes) -> Valuation | None:
    """Record the account's value at this event, and let the ladder see it. Skips accounts with nothing at work.

    The account is locked, its fills of the event are booked.
    """
    marks = marks_for_account(account, event)
    if not marks and not _at_work(account):
        return None
    valuation = valuation_record(
        account=account,
        event_number=event.number,
        phase=event.phase,
        session_on=event.session_on,
        market_time=event.at,
        marks=marks,
    )
    start, flows = day_start_get(account, event.session_on)
    ladder_apply(
        account=account,
        equity=valuation.equity,
        day_start_equity=start,
        day_flows=flows,
        session_on=event.session_on,
        market_time=event.at,
    )
    changes.sections |= {"overview", "positions", "risk", "feed", "equity"}
    if event.phase == "CLOSE":
        changes.sections |= {"performance"}
    return valuation


def _at_work(account: Account) -> bool:
    return (
        Deployment.objects.filter(account=account, state=Deployment.State.RUNNING).exists()
        or Order.objects.filter(account=account, state__in=OPEN_STATES).exists()
    )
