"""Moves: checked against the table, recorded, the reserve given back where an order ends."""

from __future__ import annotations

import pytest
from django.db import transaction

from portfolio.services import account_lock
from risk.models import UserExposure
from trading.lifecycle import IllegalMove, OrderState
from trading.models import Order
from trading.selectors.pictures import market_time_of
from trading.services.changes import Changes
from trading.services.moves import order_move


def move(order, target, **terms):
    with transaction.atomic():
        account = account_lock(order.account_id)
        changes = Changes()
        order_move(
            account=account, order=order, target=target, by=terms.pop("by", "policy"),
            market_time=market_time_of(account), changes=changes, **terms,
        )  # fmt: skip
    return changes


@pytest.fixture
def approved(submit, day):
    day()
    order = submit(stop_loss_price="1").order
    return Order.objects.select_related("instrument").get(pk=order.pk)


def test_a_move_the_table_has_not_leaves_everything_as_it_was(world, approved):
    reserved, moves = world.fresh().reserved, approved.moves.count()
    with pytest.raises(IllegalMove):
        move(approved, OrderState.FILLED)
    approved.refresh_from_db()
    assert (approved.state, approved.moves.count(), world.fresh().reserved) == (OrderState.APPROVED, moves, reserved)


def test_every_move_is_kept_with_whose_word_it_was(approved):
    changes = move(approved, OrderState.VOIDED, by="human", reason="Changed my mind. " * 30)
    last = approved.moves.last()
    assert (last.from_state, last.to_state, last.by) == (OrderState.APPROVED, OrderState.VOIDED, "human")
    assert len(last.reason) == len(approved.reason) == 300
    assert approved.pk in changes.orders


def test_an_end_gives_back_money_room_and_children(world, approved):
    assert world.fresh().reserved > 0
    assert UserExposure.objects.get(instrument=approved.instrument).reserved == 10
    move(approved, OrderState.VOIDED)
    assert world.fresh().reserved == 0
    assert UserExposure.objects.get(instrument=approved.instrument).reserved == 0
    child = approved.children.get()
    assert (child.state, child.reason) == (OrderState.VOIDED, "Its entry ended unfilled.")
