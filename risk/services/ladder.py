"""Keeping what the ladder says of an account's valuations."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from marketdata.rounding import TOLERANCE_DECIMAL
from operations.services import audit_append, event_publish, notification_send
from portfolio.models import Account, AccountKind
from risk.facts import StopLevel
from risk.ladder import LadderState, ladder_step
from risk.models import AccountRisk
from risk.selectors import risk_section


@transaction.atomic
def ladder_apply(
    *,
    account: Account,
    equity: Decimal,
    day_start_equity: Decimal | None,
    day_flows: Decimal,
    session_on: date,
    market_time: datetime,
) -> StopLevel:
    """Let the ladder see one valuation; returns the level that now holds for the account.

    The account is locked and its cash is current. A change is audited, published, and told to the owner.
    """
    risk = AccountRisk.objects.filter(account=account).first()
    if risk is None:
        return StopLevel.REDUCING
    before = LadderState(StopLevel(risk.ladder_level), risk.ladder_reason, risk.ladder_session_on)
    state = ladder_step(
        before,
        session_on=session_on,
        equity=equity,
        cash=account.cash,
        is_cash_account=account.kind == AccountKind.CASH,
        day_start_equity=day_start_equity,
        day_flows=day_flows,
        max_daily_loss=risk.max_daily_loss_pct,
        relative=TOLERANCE_DECIMAL.relative,
    )
    if state != before:
        AccountRisk.objects.filter(pk=risk.pk).update(
            ladder_level=state.level, ladder_reason=state.reason, ladder_session_on=state.session_on
        )
        _record(account, before, state, market_time)
    return state.level


def _record(account: Account, before: LadderState, state: LadderState, market_time: datetime) -> None:
    audit_append(
        stream=account.stream,
        action="risk.ladder",
        target=account.stream,
        before={"level": before.level, "reason": before.reason},
        after={"level": state.level, "reason": state.reason, "session_on": state.session_on},
        market_time=market_time,
    )
    event_publish(
        stream=account.stream,
        kind="risk.changed",
        payload={"put": {"risk": risk_section(account)}},
        market_time=market_time,
    )
    if state.level is not StopLevel.ACTIVE:
        notification_send(
            user=account.owner,
            level="warning",
            title="Only reductions are allowed now",
            body=f"{account.name}: {state.reason}.",
            stream=account.stream,
        )
