"""What an intent became, written down: the decision with every rule, the order as it will be sent, its bracket."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import DatabaseError

from operations.services import audit_verify
from trading.lifecycle import OrderState
from trading.models import Decision, Order
from trading.services.orders import payload_hash


def test_a_decision_keeps_every_rule_with_value_limit_and_headroom(submit, day):
    day()
    decision = submit().decision
    codes = {rule["code"] for rule in decision.rules}
    assert codes >= {"INPUT", "STOP_STATE", "STALE_REFERENCE", "ORDER_NOTIONAL", "POSITION_PCT", "BUYING_POWER"}
    for rule in decision.rules:
        assert set(rule) == {"code", "label", "verdict", "current", "value", "limit", "headroom", "unit", "text"}
        assert rule["value"] is None or isinstance(rule["value"], str)
    assert decision.largest >= decision.passed == 10


def test_the_bytes_are_fixed_when_the_order_is_made(submit, day):
    day()
    order = submit().order
    assert order.payload_hash == payload_hash(order)
    order.quantity += 1
    assert order.payload_hash != payload_hash(order)


def test_sequences_count_up_and_children_follow_their_parent(submit, day):
    day()
    submit(stop_loss_price="1", take_profit_price="9999")
    submit(symbol="BBB")
    rows = Order.objects.order_by("sequence").values_list("sequence", "role", "instrument__symbol", "state")
    assert list(rows) == [
        (1, "manual", "AAA", OrderState.APPROVED),
        (2, "stop", "AAA", OrderState.HELD),
        (3, "target", "AAA", OrderState.HELD),
        (4, "manual", "BBB", OrderState.APPROVED),
    ]


def test_the_reserve_is_at_the_collar_and_with_fees(world, submit, day):
    world.limits(commission_per_share=Decimal("0.01"))
    day()
    order = submit().order
    assert order.reserved >= 10 * order.reference_price * Decimal("1.03")
    assert world.fresh().reserved == order.reserved


def test_a_strategy_s_refusal_is_its_decision_alone(world, deploy, day):
    world.limits(allowed_symbols=["BBB"])
    deploy()
    day()
    assert Decision.objects.get().verdict == "DENY"
    assert not Order.objects.exists()


def test_decisions_are_never_changed(submit, day):
    day()
    decision = submit().decision
    with pytest.raises(DatabaseError):
        Decision.objects.filter(pk=decision.pk).update(verdict="ALLOW")


def test_what_was_ordered_is_audited(submit, day):
    day()
    submit()
    assert not audit_verify()
