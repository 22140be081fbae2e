"""The ladder: around the limit, until the next session, in both number types."""

from datetime import date
from decimal import Decimal

import pytest

from risk.facts import StopLevel
from risk.ladder import LadderState, ladder_step

BOTH = pytest.mark.parametrize("n", [Decimal, float])
MONDAY, TUESDAY = date(2006, 6, 19), date(2006, 6, 20)


def step(n, equity, previous=None, session_on=MONDAY, **changes):
    terms = {
        "cash": "1000",
        "is_cash_account": True,
        "day_start_equity": "100000",
        "day_flows": "0",
        "max_daily_loss": "0.05",
        "relative": "1e-9",
    } | changes
    numbers = {name: n(value) if isinstance(value, str) else value for name, value in terms.items()}
    return ladder_step(previous or LadderState(), session_on=session_on, equity=n(equity), **numbers)


@BOTH
def test_daily_loss_around_its_limit(n):
    """Red with ``<`` for ``<=``: the limit itself reduced."""
    assert step(n, "95000.01").level is StopLevel.ACTIVE
    assert step(n, "95000").level is StopLevel.ACTIVE
    state = step(n, "94999.99")
    assert state.level is StopLevel.REDUCING
    assert state.session_on == MONDAY
    assert "beyond the limit of 5 %" in state.reason


@BOTH
def test_it_holds_for_the_session_and_ends_with_the_next(n):
    """Red without the session: the recovery within the day opened trading again."""
    fallen = step(n, "90000")
    assert step(n, "120000", fallen) == fallen
    assert step(n, "90000", fallen, session_on=TUESDAY, day_start_equity="90000") == LadderState()
    again = step(n, "80000", fallen, session_on=TUESDAY, day_start_equity="90000")
    assert (again.level, again.session_on) == (StopLevel.REDUCING, TUESDAY)


@BOTH
def test_flows_are_no_profit_and_no_loss(n):
    assert step(n, "50000", day_flows="-50000").level is StopLevel.ACTIVE
    assert step(n, "104000", day_flows="10000").level is StopLevel.REDUCING


@BOTH
def test_before_the_first_close_there_is_no_day(n):
    assert step(n, "1", day_start_equity=None).level is StopLevel.ACTIVE


@BOTH
@pytest.mark.parametrize(
    "changes",
    [
        {"max_daily_loss": None},
        {"max_daily_loss": "NaN"},
        {"day_start_equity": "0"},
        {"day_start_equity": "NaN"},
        {"cash": "NaN"},
        {"cash": "-0.01"},
    ],
)
def test_what_is_unset_unknown_or_owed_reduces(n, changes):
    state = step(n, "100000", **changes)
    assert state.level is StopLevel.REDUCING
    assert state.reason


@BOTH
def test_margin_accounts_may_owe_cash(n):
    assert step(n, "100000", cash="-5000", is_cash_account=False).level is StopLevel.ACTIVE
    assert step(n, "NaN", is_cash_account=False).level is StopLevel.REDUCING
