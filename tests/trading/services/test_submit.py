"""Orders of people and programs: judged, made once per key, closed, replaced, protected."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils import timezone

from marketdata.selectors import quote_get
from operations.errors import Conflict, InvalidInput, NotFound, Unprocessable
from operations.services import audit_verify
from portfolio.models import Position
from portfolio.services import account_archive, ledger_verify
from tests.trading.services.conftest import wish
from trading.lifecycle import OrderState
from trading.models import Decision, Order
from trading.services.reconcile import fills_verify
from trading.services.submit import order_preview, order_replace, position_close, stop_loss_set


def test_a_market_order_fills_at_the_next_open(world, submit, day):
    day()
    made = submit()
    assert made.order.state == OrderState.APPROVED
    assert world.fresh().reserved > 0
    day()
    made.order.refresh_from_db()
    assert made.order.state == OrderState.FILLED
    fill = made.order.fills.get()
    assert fill.event_number == 3
    assert world.fresh().reserved == 0
    assert Position.objects.get(account=world.account).quantity == 10
    assert not ledger_verify()
    assert not fills_verify()
    assert not audit_verify()


def test_a_denied_order_is_kept_with_every_reason(world, submit, day):
    world.limits(max_position_pct=Decimal("0.01"))
    day()
    made = submit(quantity="1000")
    assert made.order.state == OrderState.DENIED
    assert made.decision.verdict == "DENY"
    assert made.decision.largest > 0
    assert {rule["verdict"] for rule in made.decision.rules} >= {"pass", "deny"}
    assert "would have passed" in made.decision.text
    assert world.fresh().reserved == 0


def test_a_preview_creates_nothing(world, day):
    day()
    outcome = order_preview(account=world.fresh(), wish=wish(), wall_time=timezone.now())
    assert outcome.verdict == "ALLOW"
    assert not Order.objects.exists()
    assert not Decision.objects.exists()


def test_the_same_key_gives_the_same_order_and_another_body_is_refused(world, submit, day):
    day()
    first = submit(client_order_id="mine")
    again = submit(client_order_id="mine")
    assert (again.created, again.order.pk) == (False, first.order.pk)
    assert Order.objects.filter(parent=None).count() == 1
    with pytest.raises(Unprocessable) as refusal:
        submit(quantity="11", client_order_id="mine")
    assert refusal.value.code == "KEY_REUSED"


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"quantity": "0"}, "BAD_QUANTITY"),
        ({"quantity": "NaN"}, "BAD_QUANTITY"),
        ({"kind": "LIMIT"}, "PRICE_MISSING"),
        ({"limit_price": "10"}, "PRICE_UNEXPECTED"),
        ({"kind": "LIMIT", "limit_price": "-1"}, "BAD_PRICE"),
        ({"symbol": "ZZZ"}, "UNKNOWN_SYMBOL"),
        ({"deployment_id": 999}, "UNKNOWN_DEPLOYMENT"),
        ({"client_order_id": "x" * 49}, "BAD_CLIENT_ORDER_ID"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_the_edge(submit, day, terms, code):
    day()
    with pytest.raises(InvalidInput) as refusal:
        submit(**terms)
    assert refusal.value.code == code
    assert not Order.objects.exists()


def test_a_limit_order_waits_until_it_is_traded_through(world, submit, day):
    day()
    price = quote_get(instrument=_instrument("AAA"), feed=_feed(world)).price
    resting = submit(
        kind="LIMIT", limit_price=str((price * Decimal("0.5")).quantize(Decimal("0.01"))), time_in_force="GTC"
    )
    today = submit(
        wish(kind="LIMIT", quantity="5", limit_price=str((price * Decimal("0.5")).quantize(Decimal("0.01"))))
    )
    day(3)
    resting.order.refresh_from_db()
    today.order.refresh_from_db()
    assert resting.order.state == OrderState.WORKING
    assert today.order.state == OrderState.EXPIRED
    assert world.fresh().reserved == resting.order.reserved


@pytest.mark.parametrize(
    ("quantity", "terms", "field"),
    [
        ("10", {"stop_loss_price": "9999"}, "stop_loss_price"),
        ("10", {"take_profit_price": "1"}, "take_profit_price"),
        ("-10", {"stop_loss_price": "1"}, "stop_loss_price"),
        ("-10", {"take_profit_price": "9999"}, "take_profit_price"),
        ("10", {"kind": "LIMIT", "limit_price": "2", "stop_loss_price": "3"}, "stop_loss_price"),
        ("10", {"kind": "STOP", "stop_price": "9000", "take_profit_price": "8000"}, "take_profit_price"),
    ],
)
def test_a_bracket_on_the_wrong_side_of_its_entry_is_refused(world, submit, day, quantity, terms, field):
    """Seen red without the check: the entry was bought and stopped out on the same bar."""
    day()
    with pytest.raises(Unprocessable, match="must lie") as refused:
        submit(quantity=quantity, **terms)
    assert refused.value.context == {"field": field}
    assert not Order.objects.exists()


def test_an_archived_account_takes_no_order(world, submit, day):
    """Seen red without the check: the order was approved and waited for a match for ever."""
    day()
    account_archive(account_id=world.account.pk, actor=world.account.owner)
    with pytest.raises(Conflict, match="archived"):
        submit()
    with pytest.raises(Conflict, match="archived"):
        order_preview(account=world.fresh(), wish=wish(), wall_time=timezone.now())
    assert not Order.objects.exists()


def test_a_key_knows_its_order_however_the_number_is_written(submit, day):
    day()
    first = submit(quantity="10", client_order_id="one")
    again = submit(quantity="10.00", client_order_id="one")
    assert (first.created, again.created, again.order) == (True, False, first.order)


def test_brackets_protect_what_their_entry_filled_and_end_together(world, submit, day):
    day()
    price = quote_get(instrument=_instrument("AAA"), feed=_feed(world)).price
    far, near = (price * 3).quantize(Decimal("0.01")), (price / 3).quantize(Decimal("0.01"))
    made = submit(stop_loss_price=str(near), take_profit_price=str(far))
    stop, target = made.order.children.order_by("sequence")
    assert {stop.state, target.state} == {OrderState.HELD}
    day()
    stop.refresh_from_db()
    target.refresh_from_db()
    assert (stop.state, target.state) == (OrderState.WORKING, OrderState.WORKING)
    assert stop.quantity == -10
    closed = position_close(
        account_id=world.account.pk, symbol="AAA", actor=world.account.owner, wall_time=timezone.now()
    )
    assert [order.state for order in closed] == [OrderState.HELD]
    day()
    for order in (stop, target, closed[0]):
        order.refresh_from_db()
    assert (stop.state, target.state) == (OrderState.CANCELLED, OrderState.CANCELLED)
    assert closed[0].state == OrderState.FILLED
    assert Position.objects.get(account=world.account).quantity == 0


def test_a_close_without_a_position_says_so(world, day):
    day()
    with pytest.raises(NotFound):
        position_close(account_id=world.account.pk, symbol="AAA", actor=None, wall_time=timezone.now())


def test_a_stop_loss_is_sized_to_the_position_and_replaced(world, submit, day):
    day()
    submit()
    day()
    price = quote_get(instrument=_instrument("AAA"), feed=_feed(world)).price
    terms = {"account_id": world.account.pk, "symbol": "AAA", "actor": world.account.owner}
    with pytest.raises(Unprocessable) as refusal:
        stop_loss_set(stop_price=price * 2, wall_time=timezone.now(), **terms)
    assert refusal.value.code == "STOP_THROUGH"
    first = stop_loss_set(
        stop_price=(price * Decimal("0.5")).quantize(Decimal("0.01")), wall_time=timezone.now(), **terms
    )
    day()
    second = stop_loss_set(
        stop_price=(price * Decimal("0.4")).quantize(Decimal("0.01")), wall_time=timezone.now(), **terms
    )
    day()
    old, new = Order.objects.get(pk=first[0].pk), Order.objects.get(pk=second[0].pk)
    assert (old.state, new.state) == (OrderState.CANCELLED, OrderState.WORKING)
    assert new.replaces_id == old.pk
    assert new.quantity == -10


def test_a_replacement_works_after_the_cancel_is_confirmed(world, submit, day):
    day()
    made = submit(kind="LIMIT", limit_price="1", time_in_force="GTC")
    day()
    replaced = order_replace(
        order_id=made.order.pk, limit_price=Decimal("1.5"), actor=world.account.owner, wall_time=timezone.now()
    )
    assert replaced.order.state == OrderState.HELD
    day()
    made.order.refresh_from_db()
    replaced.order.refresh_from_db()
    assert (made.order.state, replaced.order.state) == (OrderState.CANCELLED, OrderState.WORKING)
    with pytest.raises(Conflict):
        order_replace(order_id=made.order.pk, limit_price=Decimal(2), actor=None, wall_time=timezone.now())


def test_a_duplicate_within_two_seconds_is_denied(submit, day):
    day()
    assert submit().order.state == OrderState.APPROVED
    denied = submit()
    assert (denied.order.state, denied.decision.binding_rule) == (OrderState.DENIED, "DUPLICATE")


def test_a_test_account_is_skipped_at_the_send(world, alice, day, settings):
    from portfolio.services import account_open
    from risk.services import account_risk_create
    from trading.services.dispatcher import dispatch_pending
    from trading.services.submit import order_submit

    day()
    account = account_open(
        owner=alice, name="Test venue", environment="test", feed=world.feed, capital=Decimal(100_000), actor=alice
    )
    account_risk_create(account=account, profile_code="PAPER")
    made = order_submit(account_id=account.pk, wish=wish(), actor=alice, wall_time=timezone.now())
    assert made.order.state == OrderState.APPROVED
    dispatch_pending(wall_time=timezone.now())
    made.order.refresh_from_db()
    assert made.order.state == OrderState.SKIPPED
    account.refresh_from_db()
    assert account.reserved == 0


def test_the_digest_tells_bodies_apart():
    one = wish()
    assert one.digest() == replace(one, client_order_id="other").digest()
    assert one.digest() != replace(one, quantity=Decimal(11)).digest()


def _instrument(symbol):
    from marketdata.selectors import instrument_get

    return instrument_get(symbol)


def _feed(world):
    world.feed.refresh_from_db()
    return world.feed
