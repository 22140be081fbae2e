"""Wishes in short, and a world that has moved past its first bar."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from marketdata.services import feed_wake
from tests.trading.services.strategies import OURS
from tests.trading.services.venues import Venue
from trading.lifecycle import OrderState
from trading.models import Order
from trading.services import deployment_create, deployment_start
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


@pytest.fixture
def deploy(world, settings):
    """Set a strategy to work on alice's account."""
    settings.STRATEGIES = [*settings.STRATEGIES, *OURS]

    def act(strategy="buy_and_hold", name="", symbols=("AAA",), *, start=True, **terms):
        actor = world.account.owner
        made = deployment_create(
            account_id=world.account.pk, name=name or strategy, strategy=strategy, symbols=symbols, actor=actor, **terms
        )
        return deployment_start(deployment_id=made.pk, actor=actor) if start else made

    return act


@pytest.fixture
def venue(settings):
    """Paper accounts send to a venue that says what the test wants."""
    settings.BROKERS = {"paper": "tests.trading.services.venues.Venue"}
    Venue.answers, Venue.cancel_answers, Venue.working, Venue.heard = [None], [None], set(), []
    return Venue


@pytest.fixture
def crashed(submit, day):
    """An order that a killed dispatcher left between its attempt and the venue's answer."""
    from trading.services.send import _begin

    day()

    def make(seconds_ago=60, **terms):
        order = submit(**terms).order
        ticket, *_ = _begin(order.pk, timezone.now() - timedelta(seconds=seconds_ago))
        assert ticket.order_id == str(order.pk)
        order.refresh_from_db()
        assert order.state == OrderState.SUBMITTING
        return Order.objects.select_related("instrument").get(pk=order.pk)

    return make
