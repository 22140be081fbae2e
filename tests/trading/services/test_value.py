"""Valuations twice a bar, and the ladder that watches them."""

from __future__ import annotations

from decimal import Decimal

from django.utils import timezone

from marketdata.services import feed_wake
from operations.models import Notification
from portfolio.models import Valuation
from tests.trading.services.conftest import wish
from tests.world import random_walk, world_make
from trading.lifecycle import OrderState
from trading.services.replay import replay_step
from trading.services.submit import order_submit


def test_nothing_at_work_is_not_valued(world, day):
    day(2)
    assert not Valuation.objects.exists()


def test_two_valuations_a_bar_and_equity_is_cash_and_positions(world, submit, day):
    day()
    submit()
    day(2)
    rows = list(Valuation.objects.order_by("event_number").values_list("event_number", "phase"))
    assert rows[-4:] == [(3, "OPEN"), (4, "CLOSE"), (5, "OPEN"), (6, "CLOSE")]
    for row in Valuation.objects.all():
        assert row.equity == row.cash + row.positions_value


def test_a_daily_loss_reduces_until_the_next_session(lake, alice):
    """Both valuations of a bar count. Seen red by letting the ladder look at the close alone."""
    frame = random_walk(sessions=60)
    times = sorted(frame["time"].unique())
    crash = (frame["time"] >= times[42]) & (frame["symbol"] == "AAA")
    for column in ("open", "high", "low", "close"):
        frame.loc[crash, column] = (frame.loc[crash, column] * 0.8).round(2)
    world = world_make(alice, frame=frame)
    world.limits(max_order_pct=1, max_position_pct=1, max_user_symbol_pct=1, max_daily_loss_pct=Decimal("0.05"))
    feed_wake(feed_id=world.feed.pk, actor=alice)

    def steps(count):
        for _ in range(count):
            replay_step(world.feed.pk)

    def asked(symbol, quantity):
        return order_submit(
            account_id=world.account.pk, wish=wish(symbol, quantity), actor=alice, wall_time=timezone.now()
        )

    steps(2)
    asked("AAA", "1200")
    steps(2)
    assert world.risk.ladder_level == "ACTIVE"
    steps(1)
    assert world.risk.ladder_level == "REDUCING"
    refused = asked("BBB", "1")
    assert (refused.order.state, refused.decision.binding_rule) == (OrderState.DENIED, "STOP_STATE")
    assert asked("AAA", "-100").order.state == OrderState.APPROVED
    assert Notification.objects.filter(title="Only reductions are allowed now").count() == 1
    steps(1)
    assert world.risk.ladder_level == "REDUCING"
    steps(1)
    assert world.risk.ladder_level == "ACTIVE"
    assert asked("BBB", "2").order.state == OrderState.APPROVED
