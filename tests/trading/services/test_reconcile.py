"""The sweep: takes up once what a crash left on its way, compares, and writes nothing the second time."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from operations.models import AuditEvent
from risk.services import emergency_stop
from trading.brokers.base import Temporary
from trading.lifecycle import OrderState
from trading.models import Order, OrderEvent, SendAttempt
from trading.services.reconcile import fills_verify, orders_differences, reconcile_round


def counts():
    return [model.objects.count() for model in (OrderEvent, SendAttempt, AuditEvent)]


def test_an_unanswered_order_is_taken_up_once(world, crashed, day):
    """Its id is the dedupe. Seen red by approving it again: it was sent as another order would be."""
    order = crashed()
    assert reconcile_round(wall_time=timezone.now()).resent == 1
    before = counts()
    again = reconcile_round(wall_time=timezone.now())
    assert (again.resent, again.clean, counts()) == (0, True, before)
    assert list(order.attempts.values_list("number", "outcome")) == [(1, ""), (2, "accepted")]
    day()
    order.refresh_from_db()
    assert (order.state, order.fills.count()) == (OrderState.FILLED, 1)


def test_who_may_still_be_sending_is_waited_for(crashed):
    order = crashed(seconds_ago=1)
    assert reconcile_round(wall_time=timezone.now()).resent == 0
    order.refresh_from_db()
    assert order.state == OrderState.SUBMITTING


def test_the_wait_counts_from_the_last_attempt(crashed):
    """Seen red by looking for any old attempt: each round then sent again at once."""
    order = crashed()
    SendAttempt.objects.create(
        order=order, kind="submit", number=2, payload_hash=order.payload_hash, started_at=timezone.now()
    )
    assert reconcile_round(wall_time=timezone.now()).resent == 0


def test_a_venue_that_does_not_dedupe_is_never_sent_to_blindly(venue, crashed, monkeypatch):
    from dataclasses import replace

    monkeypatch.setattr(venue, "capabilities", replace(venue.capabilities, dedupes_on_order_id=False))
    order = crashed()
    assert reconcile_round(wall_time=timezone.now()).resent == 0
    assert venue.heard == []
    order.refresh_from_db()
    assert order.state == OrderState.SUBMITTING


def test_what_a_stop_overtook_is_cancelled_at_the_venue_and_not_sent_again(venue, world, crashed, alice):
    """Seen red by resending whatever was found SUBMITTING: an opening started after the stop had returned."""
    order = crashed()
    emergency_stop(scope_kind="account", scope_key=str(world.account.pk), reason="Drill.", actor=alice)
    reconcile_round(wall_time=timezone.now())
    order.refresh_from_db()
    assert order.state == OrderState.CANCELLED
    assert venue.heard == [("cancel", str(order.pk))]
    assert world.fresh().reserved == 0


def test_a_temporary_failure_is_tried_again_in_the_next_round(venue, crashed):
    order = crashed()
    venue.answers = [Temporary("connection refused"), None]
    reconcile_round(wall_time=timezone.now())
    order.refresh_from_db()
    assert order.state == OrderState.SUBMITTING
    reconcile_round(wall_time=timezone.now() + timedelta(seconds=60))
    order.refresh_from_db()
    assert order.state == OrderState.WORKING


def test_a_difference_is_found_and_told(world, submit, day):
    day()
    made = submit(kind="LIMIT", limit_price="1", time_in_force="GTC").order
    assert reconcile_round(wall_time=timezone.now(), feed_id=world.feed.pk).clean
    Order.objects.filter(pk=made.pk).update(filled_quantity=Decimal(3))
    (difference,) = reconcile_round(wall_time=timezone.now(), feed_id=world.feed.pk).differences
    assert difference.startswith(f"order {made.pk} says 3")
    assert difference.endswith("its fills say 0")
    assert orders_differences(world.account) == [difference]


def test_fills_orders_and_entries_are_compared(world, submit, day):
    day()
    made = submit().order
    day()
    assert fills_verify() == fills_verify(world.account) == []
    Order.objects.filter(pk=made.pk).update(filled_quantity=Decimal(9))
    (difference,) = fills_verify()
    assert difference.startswith(f"order {made.pk}: filled 9")
