"""Valuations, positions at marks, and the figures made of them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from operations.errors import Unavailable
from portfolio.models import Valuation
from portfolio.selectors import (
    balances,
    equity_series,
    performance_get,
    positions_get,
    round_trips_get,
    valuation_before_session,
    valuation_last,
)
from portfolio.services import account_lock, cash_deposit, valuation_record
from tests.portfolio.conftest import CAPITAL, NOON, book, fresh

pytestmark = pytest.mark.django_db


def value(account, number, marks=None, *, phase=None):
    """Record event `number`: odd numbers are OPEN, even ones the CLOSE of the same session."""
    day = (number - 1) // 2
    with transaction.atomic():
        return valuation_record(
            account=account_lock(account.pk),
            event_number=number,
            phase=phase or ("OPEN" if number % 2 else "CLOSE"),
            session_on=(NOON + timedelta(days=day)).date(),
            market_time=NOON + timedelta(days=day, hours=4 * ((number + 1) % 2)),
            marks=marks or {},
        )


def test_equity_is_cash_and_positions_at_their_marks(account, acme, future):
    book(account, acme, "10", "100", fee="1")
    book(account, future, "-2", "20", key="3")
    recorded = value(account, 2, {acme.pk: Decimal("101.5"), future.pk: Decimal("18")})
    assert recorded.cash == CAPITAL - 1001 + 2000
    assert recorded.positions_value == 1015 - 1800
    assert recorded.unrealised == 15 + 200
    assert recorded.equity == CAPITAL - 1 + 15 + 200


def test_an_event_is_valued_once(account, acme):
    """A mark that arrives twice, or anew, does not move what was recorded. Seen red: without the look-up."""
    book(account, acme, "10", "100")
    first = value(account, 1, {acme.pk: Decimal(100)})
    assert value(account, 1, {acme.pk: Decimal(200)}) == first
    assert Valuation.objects.get().equity == CAPITAL


@pytest.mark.parametrize("mark", [None, Decimal("NaN"), Decimal("Infinity")])
def test_an_open_position_without_a_mark_is_not_valued(account, acme, mark):
    book(account, acme, "10", "100")
    with pytest.raises(Unavailable, match="MARK_MISSING"):
        value(account, 1, {} if mark is None else {acme.pk: mark})
    assert not Valuation.objects.exists()


def test_a_flow_belongs_to_the_valuation_after_it(account, alice):
    assert value(account, 1).net_flow == CAPITAL
    cash_deposit(account_id=account.pk, amount=Decimal(500), actor=alice, key="k1")
    assert value(account, 2).net_flow == 500
    assert value(account, 3).net_flow == 0


def test_the_database_keeps_the_sum(account):
    with pytest.raises(DatabaseError), transaction.atomic():
        Valuation.objects.filter(pk=value(account, 1).pk).update(equity=Decimal(1))


def test_equity_over_time(account):
    for number in range(1, 6):
        value(account, number)
    series = equity_series(account, 3)
    assert [equity for _, equity in series] == [CAPITAL] * 3
    assert [at for at, _ in series] == sorted(at for at, _ in series)
    assert valuation_last(account).event_number == 5
    assert valuation_before_session(account, (NOON + timedelta(days=2)).date()).event_number == 4
    assert valuation_before_session(account, NOON.date()) is None


def test_performance_is_time_weighted_at_the_close(account, alice, acme):
    """Day 1: +1 % on 100,000. Day 2: 101,000 more come in, +5 % on 202,000: 6.05 % in all, whatever came in."""
    book(account, acme, "1000", "100")
    value(account, 1, {acme.pk: Decimal(90)})
    value(account, 2, {acme.pk: Decimal(101)})
    cash_deposit(account_id=account.pk, amount=Decimal(101_000), actor=alice, key="k1")
    value(account, 4, {acme.pk: Decimal("111.1")})
    figures = performance_get(account)
    assert figures.total_return == pytest.approx(1.01 * 1.05 - 1)
    assert figures.daily_return == pytest.approx(0.05)
    assert figures.max_drawdown == 0
    assert (figures.sharpe_ratio, figures.win_rate, figures.observations) == (None, None, 2)


def test_an_account_without_valuations_has_no_figures(account):
    assert performance_get(account)[:5] == (None,) * 5


def test_win_rate_counts_round_trips_per_sleeve_net_of_fees(account, acme, future):
    book(account, acme, "10", "100", fee="1", key="1")
    book(account, acme, "-10", "100.1", fee="1", day=1, key="1")
    book(account, acme, "5", "100", day=1, key="2")
    book(account, acme, "-8", "110", day=2, key="2")
    book(account, future, "1", "20", day=3)
    assert [(trip.net, trip.closed_at.day) for trip in round_trips_get(account)] == [(-1, 5), (50, 6)]
    figures = performance_get(account)
    assert (figures.win_rate, figures.round_trips) == (0.5, 2)


def test_round_trips_follow_execution_not_arrival(account, acme):
    book(account, acme, "-10", "110", day=1)
    book(account, acme, "10", "100", day=0)
    assert [trip.net for trip in round_trips_get(account)] == [100]


def test_positions_are_summed_over_their_sleeves(account, acme, future):
    book(account, acme, "10", "100", key="1")
    book(account, acme, "-4", "104", key="2")
    book(account, future, "1", "20")
    book(account, future, "-1", "21")
    (position,) = positions_get(account, {acme.pk: Decimal(102)})
    assert (position.symbol, position.quantity, position.cost, position.value) == ("ACME", 6, 584, 612)
    assert (position.pnl, position.pnl_pct) == (28, Decimal(28) / 1416)
    assert [(sleeve.deployment_key, sleeve.quantity, sleeve.pnl) for sleeve in position.sleeves] == [
        ("1", 10, 20),
        ("2", -4, 8),
    ]
    assert position.sleeves[1].average_price == 104


def test_a_position_without_a_mark_shows_no_value(account, acme):
    book(account, acme, "10", "100")
    (position,) = positions_get(account, {})
    assert (position.price, position.value, position.pnl, position.average_price) == (None, None, None, 100)
    assert balances(fresh(account), {}).equity == CAPITAL


def test_queries_of_positions(account, acme, future, django_assert_num_queries):
    for key in ("1", "2", "3"):
        book(account, acme, "10", "100", key=key)
        book(account, future, "1", "100", key=key)
    # sleeves with their instruments
    with django_assert_num_queries(1):
        assert len(positions_get(account, {})) == 2


def test_queries_of_performance(account, acme, django_assert_num_queries):
    for number in range(1, 9):
        book(account, acme, "1" if number % 2 else "-1", "100", day=number)
        value(account, number, {acme.pk: Decimal(100)})
    # entries with their instruments; valuations
    with django_assert_num_queries(2):
        performance_get(account)
