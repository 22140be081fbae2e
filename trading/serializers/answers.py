"""Answers to acts on orders and accounts, and what a whole page reads at once."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from trading.serializers.rows import DecisionSerializer, FillRowSerializer, OrderRowSerializer


class SuccessSerializer(serializers.Serializer[Any]):
    """The seeds' answer to an action."""

    success = serializers.BooleanField()
    message = serializers.CharField()


class SubmissionSerializer(SuccessSerializer):
    """An order and the decision it came of; without an order when it was only judged."""

    order = OrderRowSerializer(allow_null=True)
    decision = DecisionSerializer()


class OrdersSerializer(SuccessSerializer):
    """The orders an action made or cancelled."""

    orders = OrderRowSerializer(many=True)


class SnapshotSerializer(serializers.Serializer[Any]):
    """The account's whole state; `events` after `number` lead on from it. The socket's first message is the same."""

    type = serializers.ChoiceField(choices=["snapshot"])
    number = serializers.IntegerField()
    state = serializers.DictField(
        help_text="account, overview, performance, feed, control, risk, deployments, positions, orders, fills, "
        "decisions, notifications, equity."
    )


class BarSerializer(serializers.Serializer[Any]):
    """One finished bar, in the lake's numbers."""

    time = serializers.DateField()
    open = serializers.FloatField()
    high = serializers.FloatField()
    low = serializers.FloatField()
    close = serializers.FloatField()
    volume = serializers.FloatField()


class TargetSerializer(serializers.Serializer[Any]):
    """A deployment's target for the symbol, where it changed."""

    time = serializers.CharField()
    target = serializers.CharField()
    deployment = serializers.IntegerField()
    deployment_name = serializers.CharField()


class AccountSymbolSerializer(serializers.Serializer[Any]):
    """One symbol as an account sees it."""

    symbol = serializers.CharField()
    name = serializers.CharField()
    currency = serializers.CharField()
    market_time = serializers.CharField(allow_null=True)
    bars = BarSerializer(many=True)
    signals = TargetSerializer(many=True)
    fills = FillRowSerializer(many=True)
    position = serializers.DictField(allow_null=True)
    orders = OrderRowSerializer(many=True)
