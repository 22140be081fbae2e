"""Trades in the seeds' words: JSON numbers, made of our own rows."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from trading import events
from trading.models import Order
from trading.serializers.answers import SuccessSerializer


def number(value: Decimal | str | None) -> float | int | None:
    """Return a JSON number as the seeds write it; whole ones without a point, None for what has none."""
    if value is None:
        return None
    found = float(value)
    if not math.isfinite(found):
        return None
    return int(found) if found.is_integer() else found


class TradeOrderSerializer(serializers.Serializer[Any]):
    """An order in the seeds' words and JSON numbers."""

    order_id = serializers.UUIDField()
    symbol = serializers.CharField()
    side = serializers.CharField()
    action = serializers.CharField()
    quantity = serializers.FloatField()
    order_type = serializers.CharField()
    limit_price = serializers.FloatField(allow_null=True)
    stop_price = serializers.FloatField(allow_null=True)
    time_in_force = serializers.CharField()
    status = serializers.CharField()
    filled_quantity = serializers.FloatField()
    filled_price = serializers.FloatField(allow_null=True)
    average_fill_price = serializers.FloatField(allow_null=True)
    message = serializers.CharField()
    client_order_id = serializers.CharField(allow_null=True)
    account = serializers.IntegerField()
    deployment = serializers.IntegerField(allow_null=True)
    timestamp = serializers.CharField()

    def to_representation(self, instance: Order) -> dict[str, Any]:
        """Render the order."""
        average = instance.filled_notional / instance.filled_quantity if instance.filled_quantity else None
        return {
            "order_id": str(instance.pk),
            "symbol": instance.instrument.symbol,
            "side": instance.side,
            "action": instance.side,
            "quantity": number(abs(instance.quantity)),
            "order_type": str(instance.order_type),
            "limit_price": number(instance.limit_price),
            "stop_price": number(instance.stop_price),
            "time_in_force": str(instance.time_in_force),
            "status": str(instance.state),
            "filled_quantity": number(instance.filled_quantity),
            "filled_price": number(average),
            "average_fill_price": number(average),
            "message": instance.reason,
            "client_order_id": instance.client_order_id,
            "account": instance.account_id,
            "deployment": instance.deployment_id,
            "timestamp": events.instant(instance.market_time),
        }


class TradeRuleSerializer(serializers.Serializer[Any]):
    """One rule in JSON numbers."""

    code = serializers.CharField()
    label: Any = serializers.CharField()
    verdict = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    limit = serializers.FloatField(allow_null=True)
    headroom = serializers.FloatField(allow_null=True)
    unit = serializers.CharField()
    text = serializers.CharField()


class TradeDecisionSerializer(serializers.Serializer[Any]):
    """A decision in JSON numbers, made of our own row of it."""

    id = serializers.IntegerField(allow_null=True)
    verdict = serializers.CharField()
    rule = serializers.CharField()
    text = serializers.CharField()
    wanted = serializers.FloatField()
    passed = serializers.FloatField()
    largest = serializers.FloatField()
    rules = TradeRuleSerializer(many=True)

    def to_representation(self, instance: dict[str, Any]) -> dict[str, Any]:
        """Render the row."""
        words = {name: instance[name] for name in ("id", "verdict", "rule", "text")}
        numbers = {name: number(instance[name]) for name in ("wanted", "passed", "largest")}
        return {**words, **numbers, "rules": [_rule_in_numbers(rule) for rule in instance["rules"]]}


class TradeAnswerSerializer(SuccessSerializer):
    """What became of a trade; `success` is false when it was denied."""

    order = TradeOrderSerializer(allow_null=True)
    decision = TradeDecisionSerializer()


def _rule_in_numbers(rule: dict[str, Any]) -> dict[str, Any]:
    words = {name: rule[name] for name in ("code", "label", "verdict", "unit", "text")}
    return words | {name: number(rule[name]) for name in ("value", "limit", "headroom")}
