"""Wishes in short, and a world that has moved past its first bar."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from marketdata.services import feed_wake
from trading.services.replay import replay_step
from trading.services.submit import Wish, order_submit
from trading.terms import OrderType, TimeInForce


def wish(symbol="AAA", quantity="10", kind="MARKET", **terms) -> Wish:
    """A wish in few words; prices as text."""
    prices = {name: Decimal(value) for name, value in terms.items() if name.endswith("price") and value is not None}
    rest = {name: value for name, value in terms.items() if not name.endswith("price")}
    if "time_in_force" in rest:
        rest["time_in_force"] = TimeInForce(rest["time_in_force"])
    return Wish(symbol=symbol, quantity=Decimal(quantity), order_type=OrderType(kind), **prices, **rest)


@pytest.fixture
def submit(world):
    """Submit a wish for alice now."""

    def act(given: Wish | None = None, **terms):
        given = given or wish(**terms)
        return order_submit(
            account_id=world.account.pk, wish=given, actor=world.account.owner, wall_time=timezone.now()
        )

    return act


@pytest.fixture
def day(world):
    """Move the replay on by whole sessions."""
    feed_wake(feed_id=world.feed.pk, actor=world.account.owner)

    def act(sessions: int = 1):
        for _ in range(2 * sessions):
            replay_step(world.feed.pk)

    return act
