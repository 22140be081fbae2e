"""One send: the attempt before the wire, every answer a name, nothing out that should not go."""

from __future__ import annotations

import pytest
from django.utils import timezone

from operations.models import Notification
from risk.models import StopLatch
from risk.services import emergency_stop, latch_set
from trading.brokers.base import OutcomeUnknown, Rejected
from trading.lifecycle import OrderState
from trading.models import Order, SendAttempt
from trading.services.cancel import order_cancel
from trading.services.dispatcher import dispatch_pending
from trading.services.replay import replay_step
from trading.services.send import order_send


def test_the_attempt_is_committed_before_the_venue_hears(venue, submit, day):
    """Seen red by recording the attempt with its answer."""
    day()
    order = submit().order
    seen = []
    known = venue.submit

    def submit_seen(self, ticket, *, timeout_s):
        seen.append(SendAttempt.objects.filter(order_id=ticket.order_id, ended_at=None).count())
        seen.append(Order.objects.get(pk=ticket.order_id).state)
        return known(self, ticket, timeout_s=timeout_s)

    venue.submit = submit_seen
    try:
        assert order_send(order_id=order.pk, wall_time=timezone.now())
    finally:
        venue.submit = known
    assert seen == [1, OrderState.SUBMITTING]
    attempt = SendAttempt.objects.get()
    assert (attempt.payload_hash, attempt.outcome) == (order.payload_hash, "accepted")
    order.refresh_from_db()
    assert order.venue_order_id == f"venue-{order.pk}"


def test_a_refusal_ends_it_and_gives_the_money_back(venue, world, submit, day):
    day()
    order = submit(stop_loss_price="1").order
    venue.answers = [Rejected("The market is closed to you.")]
    dispatch_pending(wall_time=timezone.now())
    order.refresh_from_db()
    assert (order.state, order.reason, order.ended_by) == (
        OrderState.REJECTED, "The market is closed to you.", "venue",
    )  # fmt: skip
    assert order.children.get().state == OrderState.VOIDED
    assert world.fresh().reserved == 0


def test_an_unknown_outcome_is_told_kept_and_never_sent_again(venue, world, submit, day):
    """Its money stays held. Seen red by treating it as a refusal."""
    day()
    order = submit().order
    reserved = world.fresh().reserved
    venue.answers = [OutcomeUnknown("the connection broke while reading")]
    dispatch_pending(wall_time=timezone.now())
    dispatch_pending(wall_time=timezone.now())
    order.refresh_from_db()
    assert order.state == OrderState.UNKNOWN
    assert world.fresh().reserved == reserved
    assert len(venue.heard) == 1
    notice = Notification.objects.get(level="critical")
    assert "ask the venue" in notice.body


def test_what_was_cancelled_meanwhile_is_not_sent(venue, submit, day, alice):
    day()
    order = submit().order
    order_cancel(order_id=order.pk, actor=alice)
    assert order_send(order_id=order.pk, wall_time=timezone.now())
    assert venue.heard == []


@pytest.mark.parametrize("state", ["HALTED", "REDUCING"])
def test_a_stop_latched_after_the_approval_voids_it_at_the_send(venue, world, submit, day, alice, state):
    """The hook of the stop never ran. Seen red by trusting the approval."""
    day()
    order = submit().order
    latch_set(scope_kind="account", scope_key=str(world.account.pk), state=state, reason="Drill.", actor=alice)
    dispatch_pending(wall_time=timezone.now())
    order.refresh_from_db()
    assert order.state == OrderState.VOIDED
    assert venue.heard == []
    assert world.fresh().reserved == 0


def test_a_triggered_protective_order_is_sent_while_halted(world, submit, day, alice):
    """Seen red by voiding everything whose epoch is old: the position stood without its stop."""
    day()
    submit(stop_loss_price="1", take_profit_price="9999")
    world.feed.refresh_from_db()
    dispatch_pending(wall_time=timezone.now())
    from marketdata.selectors import feed_event_get
    from marketdata.services import feed_advance
    from trading.services.match import paper_event_match

    feed_advance(feed_id=world.feed.pk, number=3)
    world.feed.refresh_from_db()
    paper_event_match(account_id=world.account.pk, event=feed_event_get(world.feed, 3), feed=world.feed)
    assert set(Order.objects.filter(protective=True).values_list("state", flat=True)) == {OrderState.APPROVED}
    emergency_stop(scope_kind="account", scope_key=str(world.account.pk), reason="Drill.", actor=alice)
    assert StopLatch.objects.get().state == "HALTED"
    replay_step(world.feed.pk)
    assert set(Order.objects.filter(protective=True).values_list("state", flat=True)) == {OrderState.WORKING}
