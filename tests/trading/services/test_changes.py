"""One transaction is one numbered event, and nothing that was rolled back is told."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from operations.selectors import event_last_number, events_since
from portfolio.services import account_lock
from tests.trading.services.conftest import wish
from trading.services.changes import Changes, changes_publish
from trading.services.submit import order_submit


def test_nothing_changed_tells_nothing(world):
    before = event_last_number(world.account.stream)
    with transaction.atomic():
        changes_publish(account=account_lock(world.account.pk), changes=Changes(), kind="none", market_time=None)
    assert event_last_number(world.account.stream) == before
    assert not Changes()
    assert Changes(sections={"risk"})


def test_an_order_with_its_bracket_is_one_event(world, submit, day):
    day()
    before = event_last_number(world.account.stream)
    made = submit(stop_loss_price="1", take_profit_price="9999")
    (event,) = events_since(stream=world.account.stream, number=before)
    assert event.kind == "order.submitted"
    put = event.payload["put"]
    assert {row["role"] for row in put["orders"]} == {"manual", "stop", "target"}
    assert put["decisions"][0]["order"] == str(made.order.pk)
    assert put["overview"]["reserved"] != "0.00"


def test_what_is_rolled_back_is_not_told(world, day, alice):
    day()
    before = event_last_number(world.account.stream)
    terms = {"account_id": world.account.pk, "actor": alice, "wall_time": timezone.now()}
    with transaction.atomic():
        order_submit(wish=wish(), **terms)
        transaction.set_rollback(True)
    assert event_last_number(world.account.stream) == before
