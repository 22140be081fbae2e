"""The dispatcher: every ready row once, none of another owner, one bad order alone."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from operations.locks import owner_lock
from trading.brokers.base import Temporary
from trading.lifecycle import OrderState
from trading.models import Order, SendAttempt
from trading.services.dispatcher import dispatch_pending


def states():
    return dict(Order.objects.values_list("instrument__symbol", "state"))


def test_what_is_ready_is_sent_once(submit, day):
    day()
    submit()
    submit(symbol="BBB")
    assert dispatch_pending(wall_time=timezone.now()) == 2
    assert dispatch_pending(wall_time=timezone.now()) == 0
    assert states() == {"AAA": OrderState.WORKING, "BBB": OrderState.WORKING}
    assert SendAttempt.objects.count() == 2


def test_an_order_that_another_one_sends_is_left_to_it(submit, day):
    day()
    order = submit().order
    with owner_lock(f"order:{order.pk}") as lease:
        assert lease
        assert dispatch_pending(wall_time=timezone.now()) == 0
    order.refresh_from_db()
    assert order.state == OrderState.APPROVED
    assert not SendAttempt.objects.exists()


def test_a_claim_is_a_lease_that_ends(submit, day):
    day()
    order = submit().order
    now = timezone.now()
    Order.objects.filter(pk=order.pk).update(claimed_until=now + timedelta(seconds=5))
    assert dispatch_pending(wall_time=now) == 0
    assert dispatch_pending(wall_time=now + timedelta(seconds=6)) == 1


def test_only_the_orders_of_one_feed(world, submit, day):
    day()
    submit()
    assert dispatch_pending(wall_time=timezone.now(), feed_id=world.feed.pk + 1) == 0
    assert dispatch_pending(wall_time=timezone.now(), feed_id=world.feed.pk) == 1


def test_an_order_that_fails_in_a_new_way_holds_up_itself_alone(venue, submit, day):
    """Seen red by letting every exception through: it ended the loop before the next order, at every start again."""
    day()
    first, second = submit().order, submit(symbol="BBB").order
    venue.answers = [KeyError("a field the venue left out"), None]
    dispatch_pending(wall_time=timezone.now())
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (OrderState.SUBMITTING, OrderState.WORKING)
    assert SendAttempt.objects.get(order=first).outcome == ""


def test_a_temporary_failure_leaves_it_to_the_sweep(venue, submit, day):
    day()
    order = submit().order
    venue.answers = [Temporary("connection refused")]
    dispatch_pending(wall_time=timezone.now())
    order.refresh_from_db()
    assert order.state == OrderState.SUBMITTING
    assert dispatch_pending(wall_time=timezone.now()) == 0
    assert SendAttempt.objects.get().outcome == "temporary"
