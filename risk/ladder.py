"""The ladder: what a valuation means for trading. Pure.

Daily loss: (equity - flows) / equity at the previous session's close - 1. Beyond its limit the account may only reduce
until the next session opens. On a cash account negative cash does the same: a gap was filled for more than there was.
Two valuations a bar are given, each sufficient.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Any

from risk import limits as rule
from risk import wording
from risk.facts import StopLevel


@dataclass(frozen=True, slots=True)
class LadderState:
    """The level the ladder has set, why, and the session it holds for."""

    level: StopLevel = StopLevel.ACTIVE
    reason: str = ""
    session_on: date | None = None


def ladder_step(
    previous: LadderState,
    *,
    session_on: date,
    equity: Any,
    cash: Any,
    is_cash_account: bool,
    day_start_equity: Any,
    day_flows: Any,
    max_daily_loss: Any,
    relative: Any,
) -> LadderState:
    """The state after one valuation of `session_on`.

    What was triggered holds for the rest of its session, whatever equity does; the first valuation of a later session
    measures anew. `day_start_equity` is None before the first close; `max_daily_loss` None is unset and reduces.
    """
    held = previous.level is not StopLevel.ACTIVE and previous.session_on is not None
    if held and session_on <= previous.session_on:  # type: ignore[operator]  # held says it is a date
        return previous
    reason = _reason(equity, cash, is_cash_account, day_start_equity, day_flows, max_daily_loss, relative)
    return LadderState(StopLevel.REDUCING, reason, session_on) if reason else LadderState()


def _reason(equity: Any, cash: Any, is_cash_account: bool, start: Any, flows: Any, max_loss: Any, relative: Any) -> str:
    if not (isfinite(equity) and isfinite(cash) and isfinite(flows)):
        return "the account could not be valued"
    if max_loss is None or not isfinite(max_loss):
        return "no daily loss limit is set"
    if is_cash_account and cash < 0:
        return "cash is below zero, which a cash account may not owe"
    if start is None:
        return ""
    if not isfinite(start) or start <= 0:
        return "there was no equity at the previous close"
    if rule.daily_loss_within(equity, flows, start, max_loss, relative):
        return ""
    lost = wording.amount(-rule.daily_return(equity, flows, start), "fraction", "")
    return (
        f"daily loss of {lost} is beyond the limit of {wording.bound(max_loss, 'fraction', '')} until the next session"
    )
