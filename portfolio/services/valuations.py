"""Valuing an account at an event of its feed."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from operations.errors import Unavailable
from portfolio.accounting import market_value
from portfolio.models import Account, Position, Valuation


@transaction.atomic
def valuation_record(
    *,
    account: Account,
    event_number: int,
    phase: str,
    session_on: date,
    market_time: datetime,
    marks: Mapping[int, Decimal],
) -> Valuation:
    """Value the account at one event, once. The caller holds its lock; every open position needs a mark.

    A later call for the same event returns what was recorded: a valuation is a fact of its moment.
    """
    recorded = Valuation.objects.filter(account=account, event_number=event_number).first()
    if recorded is not None:
        return recorded
    value, cost = _positions_value(account, marks)
    before = Valuation.objects.filter(account=account, event_number__lt=event_number).last()
    return Valuation.objects.create(
        account=account,
        event_number=event_number,
        phase=phase,
        session_on=session_on,
        market_time=market_time,
        cash=account.cash,
        positions_value=value,
        unrealised=value - cost,
        equity=account.cash + value,
        net_flow=account.net_deposits - (before.net_deposits if before else Decimal(0)),
        net_deposits=account.net_deposits,
    )


def _positions_value(account: Account, marks: Mapping[int, Decimal]) -> tuple[Decimal, Decimal]:
    value = cost = Decimal(0)
    for sleeve in Position.objects.filter(account=account).exclude(quantity=0).select_related("instrument"):
        mark = marks.get(sleeve.instrument_id)
        if mark is None or not mark.is_finite():
            raise Unavailable("MARK_MISSING", f"There is no price for {sleeve.instrument.symbol}.", account=account.pk)
        value += market_value(sleeve.quantity, mark, sleeve.instrument.multiplier)
        cost += sleeve.cost
    return value, cost
