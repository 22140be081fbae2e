"""One account, one event: matched once, the volume shared out, expiries, gaps that cost more than there is."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.utils import timezone

from marketdata.selectors import feed_event_get
from marketdata.services import feed_advance
from portfolio.models import Account, Valuation
from portfolio.services import ledger_verify
from tests.world import random_walk, world_make
from trading.lifecycle import OrderState
from trading.models import Fill, Order, OrderEvent
from trading.services.dispatcher import dispatch_pending
from trading.services.match import paper_event_match
from trading.services.replay import replay_step


def advance(world):
    feed_advance(feed_id=world.feed.pk, number=world.feed.event_number + 1)
    world.feed.refresh_from_db()
    return feed_event_get(world.feed, world.feed.event_number)


def test_matching_twice_matches_once(world, submit, day):
    """Seen red without the account's matched event: the second pass expired what the first had left."""
    day()
    made = submit(stop_loss_price="1").order
    dispatch_pending(wall_time=timezone.now())
    world.feed.refresh_from_db()
    event = advance(world)
    assert paper_event_match(account_id=world.account.pk, event=event, feed=world.feed)
    before = Fill.objects.count(), OrderEvent.objects.count(), Valuation.objects.count(), world.fresh().cash
    assert not paper_event_match(account_id=world.account.pk, event=event, feed=world.feed)
    assert (Fill.objects.count(), OrderEvent.objects.count(), Valuation.objects.count(), world.fresh().cash) == before
    made.refresh_from_db()
    assert made.state == OrderState.FILLED


def test_the_same_event_makes_the_same_trade_ids(world, submit, day):
    """Two books of the same order at the same event are the same trade: the database's own guard."""
    day()
    submit()
    day()
    first = Fill.objects.get()
    assert first.trade_id == str(uuid.UUID(first.trade_id))
    Account.objects.filter(pk=world.account.pk).update(matched_event=first.event_number - 1)
    world.feed.refresh_from_db()
    event = feed_event_get(world.feed, first.event_number)
    paper_event_match(account_id=world.account.pk, event=event, feed=world.feed)
    assert Fill.objects.get() == first


def test_the_volume_of_a_bar_is_shared_and_the_rest_works_on(lake, alice):
    """A tenth of the bar's volume; a GTC order takes what there is each day. Seen red with the cap off."""
    from tests.trading.services.conftest import wish
    from trading.services.submit import order_submit

    world = world_make(alice, frame=random_walk(volume=100))
    world.limits(max_order_pct=Decimal(1), max_position_pct=Decimal(1))
    from marketdata.services import feed_wake

    feed_wake(feed_id=world.feed.pk, actor=alice)
    replay_step(world.feed.pk)
    replay_step(world.feed.pk)
    price = {"kind": "LIMIT", "limit_price": "70", "time_in_force": "GTC"}
    terms = {"account_id": world.account.pk, "actor": alice, "wall_time": timezone.now()}
    world.limits(collar_pct=Decimal("0.9"))
    made = order_submit(wish=wish(quantity="60", **price), **terms).order
    filled = []
    for _ in range(12):
        replay_step(world.feed.pk)
        world.feed.refresh_from_db()
        event = feed_event_get(world.feed, world.feed.event_number)
        bar = event.bars[made.instrument_id]
        session = [world.feed.event_number, world.feed.event_number - (1 - world.feed.event_number % 2)]
        taken = sum(Fill.objects.filter(event_number__in=session).values_list("quantity", flat=True))
        assert taken <= bar.volume / 10
        filled.append(taken)
    assert any(filled)
    made.refresh_from_db()
    assert made.fills.count() > 1
    assert made.filled_quantity == sum(made.fills.values_list("quantity", flat=True))
    assert not ledger_verify()


def test_a_gap_is_booked_in_full_and_negative_cash_reduces(lake, alice):
    """The fill is a fact. Seen red by refusing what cash cannot pay."""
    from tests.trading.services.conftest import wish
    from trading.services.submit import order_submit

    frame = random_walk(sessions=60)
    times = sorted(frame["time"].unique())
    late = frame["time"] >= times[41]
    for column in ("open", "high", "low", "close"):
        frame.loc[late, column] = (frame.loc[late, column] * 2).round(2)
    world = world_make(alice, frame=frame)
    world.limits(max_order_pct=Decimal(1), max_position_pct=Decimal(1), max_user_symbol_pct=Decimal(1))
    from marketdata.services import feed_wake

    feed_wake(feed_id=world.feed.pk, actor=alice)
    replay_step(world.feed.pk)
    replay_step(world.feed.pk)
    from marketdata.selectors import instrument_get, quote_get

    world.feed.refresh_from_db()
    price = quote_get(instrument=instrument_get("AAA"), feed=world.feed).price
    wanted = int(Decimal(95_000) / price)
    made = order_submit(
        account_id=world.account.pk, wish=wish(quantity=str(wanted)), actor=alice, wall_time=timezone.now()
    )
    assert made.order.state == OrderState.APPROVED, made.decision.text
    replay_step(world.feed.pk)
    account = world.fresh()
    assert Order.objects.get(pk=made.order.pk).state == OrderState.FILLED
    assert account.cash < 0
    assert world.risk.ladder_level == "REDUCING"
    again = order_submit(account_id=world.account.pk, wish=wish("BBB", "1"), actor=alice, wall_time=timezone.now())
    assert (again.order.state, again.decision.binding_rule) == (OrderState.DENIED, "STOP_STATE")


def test_a_day_order_ends_with_its_session(world, submit, day):
    day()
    made = submit(kind="LIMIT", limit_price="1", stop_loss_price="0.5").order
    dispatch_pending(wall_time=timezone.now())
    replay_step(world.feed.pk)
    made.refresh_from_db()
    assert (made.state, made.first_open_event) == (OrderState.WORKING, 3)
    replay_step(world.feed.pk)
    made.refresh_from_db()
    assert (made.state, made.ended_by) == (OrderState.EXPIRED, "venue")
    assert world.fresh().reserved == 0
    child = made.children.get()
    assert child.state == OrderState.VOIDED
    assert child.moves.filter(to_state=OrderState.VOIDED).count() == 1
