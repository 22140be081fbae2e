"""Cancels: what can be cancelled, what a cancel says that came too late, what waits for it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from operations.errors import Conflict
from operations.models import Notification
from portfolio.models import Position
from risk.services import emergency_stop
from trading.brokers.base import OutcomeUnknown, Rejected
from trading.lifecycle import OrderState
from trading.models import Order, SendAttempt
from trading.services.cancel import cancel_confirm, order_cancel, orders_cancel_all
from trading.services.dispatcher import dispatch_pending
from trading.services.fills import fill_record
from trading.services.submit import position_close

REST = {"kind": "LIMIT", "limit_price": "1", "time_in_force": "GTC"}


def told(order, quantity, price="50", trade="t-1"):
    """The venue tells of an execution."""
    return fill_record(
        order_id=order.pk, venue="paper", venue_account=str(order.account_id), trade_id=trade,
        quantity=Decimal(quantity), price=Decimal(price), fee=Decimal(0), executed_at=timezone.now(),
    )  # fmt: skip


@pytest.fixture
def resting(submit, day):
    """An order in the book, far from the market."""
    day()
    order = submit(**REST).order
    dispatch_pending(wall_time=timezone.now())
    order.refresh_from_db()
    assert order.state == OrderState.WORKING
    return order


def test_a_cancel_of_a_filled_order_says_so(world, submit, day, alice):
    day()
    order = submit().order
    day()
    with pytest.raises(Conflict, match="FILLED already") as refusal:
        order_cancel(order_id=order.pk, actor=alice)
    assert refusal.value.code == "ORDER_ENDED"
    order.refresh_from_db()
    assert order.state == OrderState.FILLED


def test_a_cancel_of_what_is_being_sent_says_to_try_again(crashed, alice):
    order = crashed()
    with pytest.raises(Conflict) as refusal:
        order_cancel(order_id=order.pk, actor=alice)
    assert refusal.value.code == "ORDER_IN_FLIGHT"


def test_what_was_never_sent_is_void_at_once(world, submit, day, alice):
    day()
    order = submit().order
    order_cancel(order_id=order.pk, actor=alice)
    order.refresh_from_db()
    assert (order.state, order.ended_by) == (OrderState.VOIDED, "human")
    assert world.fresh().reserved == 0


def test_a_working_order_waits_for_the_venue_and_a_second_cancel_changes_nothing(world, resting, alice):
    order_cancel(order_id=resting.pk, actor=alice)
    order_cancel(order_id=resting.pk, actor=alice)
    resting.refresh_from_db()
    assert resting.state == OrderState.CANCEL_PENDING
    assert world.fresh().reserved > 0
    dispatch_pending(wall_time=timezone.now())
    cancel_confirm(order_id=resting.pk)
    resting.refresh_from_db()
    assert (resting.state, resting.ended_by) == (OrderState.CANCELLED, "venue")
    assert resting.moves.filter(to_state=OrderState.CANCELLED).count() == 1
    assert world.fresh().reserved == 0


def test_cancels_pass_a_stop(world, resting, alice):
    emergency_stop(scope_kind="account", scope_key=str(world.account.pk), reason="Drill.", actor=alice)
    order_cancel(order_id=resting.pk, actor=alice)
    dispatch_pending(wall_time=timezone.now())
    resting.refresh_from_db()
    assert resting.state == OrderState.CANCELLED


def test_cancel_all_keeps_what_protects_unless_asked(world, submit, day, alice):
    day()
    submit(stop_loss_price="1", take_profit_price="9999")
    day()
    submit(**REST)
    submit(quantity="3", symbol="BBB", **REST)
    assert len(orders_cancel_all(account_id=world.account.pk, actor=alice, symbol="BBB")) == 1
    assert len(orders_cancel_all(account_id=world.account.pk, actor=alice)) == 1
    assert Order.objects.filter(protective=True, state=OrderState.WORKING).count() == 2
    assert len(orders_cancel_all(account_id=world.account.pk, actor=alice, protective=True)) == 2
    assert orders_cancel_all(account_id=world.account.pk, actor=alice, protective=True) == []


def test_a_part_filled_while_its_cancel_is_on_the_way_still_ends_cancelled(world, resting, alice):
    """Seen red by moving every part-filled order to PARTIALLY_FILLED: the cancel was forgotten and the rest worked on
    in our books though the venue had ended it.
    """
    order_cancel(order_id=resting.pk, actor=alice)
    told(resting, "4")
    resting.refresh_from_db()
    assert (resting.state, resting.filled_quantity) == (OrderState.CANCEL_PENDING, 4)
    dispatch_pending(wall_time=timezone.now())
    resting.refresh_from_db()
    assert (resting.state, resting.filled_quantity) == (OrderState.CANCELLED, 4)
    assert Position.objects.get().quantity == 4
    assert world.fresh().reserved == 0


def test_a_venue_that_has_no_such_order_leaves_it_unknown_to_a_human(venue, resting, alice):
    """Seen red by not expecting a refusal of a cancel: the exception ended the dispatcher, again and again."""
    venue.cancel_answers = [Rejected("order not found")]
    order_cancel(order_id=resting.pk, actor=alice)
    venue.working.discard(str(resting.pk))
    dispatch_pending(wall_time=timezone.now())
    resting.refresh_from_db()
    assert resting.state == OrderState.UNKNOWN
    assert Notification.objects.filter(level="critical").exists()
    dispatch_pending(wall_time=timezone.now())
    assert SendAttempt.objects.filter(kind="cancel").count() == 1
    told(resting, "10")
    resting.refresh_from_db()
    assert resting.state == OrderState.FILLED


def test_a_refused_cancel_of_an_order_that_works_on_leaves_it_working(venue, submit, day, alice):
    day()
    order = submit(**REST).order
    dispatch_pending(wall_time=timezone.now())
    venue.cancel_answers = [Rejected("too late to cancel")]
    order_cancel(order_id=order.pk, actor=alice)
    dispatch_pending(wall_time=timezone.now())
    order.refresh_from_db()
    assert (order.state, order.reason) == (OrderState.WORKING, "The venue refused to cancel it: too late to cancel")


def test_a_cancel_nobody_answered_is_asked_again_later(venue, submit, day, alice):
    day()
    order = submit(**REST).order
    dispatch_pending(wall_time=timezone.now())
    venue.cancel_answers = [OutcomeUnknown("timeout"), None]
    order_cancel(order_id=order.pk, actor=alice)
    now = timezone.now()
    dispatch_pending(wall_time=now)
    order.refresh_from_db()
    assert order.state == OrderState.CANCEL_PENDING
    assert dispatch_pending(wall_time=now) == 0
    dispatch_pending(wall_time=now + timedelta(seconds=2))
    order.refresh_from_db()
    assert order.state == OrderState.CANCELLED


def test_an_exit_that_waited_for_a_stop_which_filled_is_void(world, submit, day, alice):
    """Seen red by releasing what waits only when a cancel is confirmed: the exit waited for ever, and the replay."""
    day()
    submit(stop_loss_price="1")
    day()
    stop = Order.objects.get(role="stop")
    (exit_order,) = position_close(account_id=world.account.pk, symbol="AAA", actor=alice, wall_time=timezone.now())
    assert exit_order.state == OrderState.HELD
    told(stop, "-10")
    dispatch_pending(wall_time=timezone.now())
    stop.refresh_from_db()
    exit_order.refresh_from_db()
    assert (stop.state, exit_order.state) == (OrderState.FILLED, OrderState.VOIDED)
    assert Position.objects.get().quantity == 0
