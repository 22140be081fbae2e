"""Fills: booked once each, in any order, late ones too; deltas, never totals."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from django.utils import timezone

from operations.models import AuditEvent, Notification
from portfolio.models import Position
from portfolio.services import ledger_verify, positions_rebuild
from risk.models import UserExposure
from trading.lifecycle import OrderState
from trading.models import Fill, SymbolLatch
from trading.services.cancel import order_cancel
from trading.services.dispatcher import dispatch_pending
from trading.services.fills import fill_record
from trading.services.reconcile import fills_verify

AT = timezone.now()
TRADES = (("t-1", "4", "50.00", 0), ("t-2", "5", "51.25", 1), ("t-3", "1", "49.75", 2))


def tell(order, trade, quantity, price, after_s, fee="0.10"):
    return fill_record(
        order_id=order.pk, venue="paper", venue_account=str(order.account_id), trade_id=trade,
        quantity=Decimal(quantity), price=Decimal(price), fee=Decimal(fee), executed_at=AT + timedelta(seconds=after_s),
    )  # fmt: skip


@pytest.fixture
def working(submit, day):
    day()
    order = submit().order
    dispatch_pending(wall_time=timezone.now())
    return order


def state(world, order):
    order.refresh_from_db()
    account, position = world.fresh(), Position.objects.get(account=world.account)
    return (
        order.state, order.filled_quantity, order.filled_notional, order.fees,
        position.quantity, position.cost, position.realised, position.fees,
        account.cash, account.reserved, account.fees,
    )  # fmt: skip


def verified():
    return [*ledger_verify(), *positions_rebuild(), *fills_verify()]


@pytest.mark.parametrize("order_of_arrival", [*permutations(range(3))])
def test_the_order_of_arrival_and_a_second_delivery_change_nothing(world, working, order_of_arrival):
    """Seen red by booking each delivery without looking for its trade id."""
    for place in (*order_of_arrival, *order_of_arrival):
        tell(working, *TRADES[place])
    assert state(world, working) == (
        OrderState.FILLED, 10, Decimal("506"), Decimal("0.3"), 10, Decimal("506"), 0, Decimal("0.3"),
        Decimal("100000") - Decimal("506.3"), 0, Decimal("0.3"),
    )  # fmt: skip
    assert Fill.objects.count() == 3
    assert not verified()


def test_parts_use_up_the_reserve_pro_rata(world, working):
    whole = world.fresh().reserved
    tell(working, "t-1", "4", "50", 0)
    working.refresh_from_db()
    assert working.state == OrderState.PARTIALLY_FILLED
    assert world.fresh().reserved == (whole * 6 / 10).quantize(Decimal("1e-8"))
    exposure = UserExposure.objects.get(instrument=working.instrument)
    assert (exposure.held, exposure.reserved) == (4, 6)


@pytest.mark.parametrize("how", ["cancelled", "filled"])
def test_a_late_fill_is_booked_and_alerted_and_moves_no_state(world, working, alice, how):
    """Seen red by moving the order of a late fill, which the lifecycle refuses: the fill was lost."""
    if how == "cancelled":
        order_cancel(order_id=working.pk, actor=alice)
        dispatch_pending(wall_time=timezone.now())
    else:
        working.quantity = Decimal(7)  # amended in place at the venue while the rest was on its way
        working.save(update_fields=["quantity"])
        tell(working, "t-0", "7", "50", 0)
        working.quantity = Decimal(10)
        working.save(update_fields=["quantity"])
    working.refresh_from_db()
    ended = working.state
    before = working.filled_quantity
    tell(working, "t-9", "3", "50", 5)
    tell(working, "t-9", "3", "50", 5)
    working.refresh_from_db()
    assert (working.state, working.filled_quantity) == (ended, before + 3)
    assert Position.objects.get().quantity == before + 3
    assert Notification.objects.filter(level="critical", title__contains="had ended").count() == 1
    assert AuditEvent.objects.filter(action="fill.late").count() == 1
    assert world.fresh().reserved == 0
    assert not verified()


def test_the_same_trade_at_another_venue_account_is_another_trade(world, working):
    tell(working, "t-1", "4", "50", 0)
    fill_record(
        order_id=working.pk, venue="paper", venue_account="another", trade_id="t-1", quantity=Decimal(2),
        price=Decimal(50), fee=Decimal(0), executed_at=AT,
    )  # fmt: skip
    assert Position.objects.get().quantity == 6


def test_a_protective_fill_latches_its_symbol(world, deploy, day):
    """A stop just under the market: hit within days, and the level stays 1, so nothing is bought again."""
    deployment = deploy(symbols=["AAA", "BBB", "CCC"], stop_loss=Decimal("0.001"), take_profit=None)
    day(8)
    latches = SymbolLatch.objects.filter(deployment=deployment)
    assert latches.count() == 3
    assert {latch.sign for latch in latches} == {1}
    assert Fill.objects.filter(order__role="entry").values("instrument").distinct().count() == 3
    assert Fill.objects.filter(order__role="entry").count() == 3
    assert not Position.objects.exclude(quantity=0).exists()
