"""Our own rows: what dashboards show, exact text and fractions. The fields are declared for the schema."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from operations.canonical import instant_text
from trading import events
from trading.intents import DecisionOutcome
from trading.models import Decision, Deployment, Evaluation, Fill, Order
from trading.serializers.fields import ParametersField


class RowSerializer(serializers.Serializer[Any]):
    """A dashboard's row; the fields are declared for the schema."""

    key = serializers.CharField()


class OrderRowSerializer(RowSerializer):
    """One order."""

    id = serializers.UUIDField()
    account = serializers.IntegerField()
    symbol = serializers.CharField()
    side = serializers.CharField()
    quantity = serializers.CharField()
    filled = serializers.CharField()
    order_type = serializers.CharField()
    limit_price = serializers.CharField(allow_null=True)
    stop_price = serializers.CharField(allow_null=True)
    time_in_force = serializers.CharField()
    state = serializers.CharField()
    role = serializers.CharField()
    deployment = serializers.IntegerField(allow_null=True)
    deployment_name = serializers.CharField()
    average_price = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    market_time = serializers.CharField()
    decision = serializers.IntegerField(allow_null=True)
    client_order_id = serializers.CharField(allow_null=True)
    sequence = serializers.IntegerField()

    def to_representation(self, instance: Order) -> dict[str, Any]:
        """Render the row."""
        name = instance.deployment.name if instance.deployment else "Manual"
        row = events.order_row(instance, symbol=instance.instrument.symbol, deployment_name=name)
        return row | {"account": instance.account_id}


class FillRowSerializer(RowSerializer):
    """One fill."""

    id = serializers.IntegerField()
    account = serializers.IntegerField()
    order = serializers.UUIDField()
    symbol = serializers.CharField()
    side = serializers.CharField()
    quantity = serializers.CharField()
    price = serializers.CharField()
    fee = serializers.CharField()
    realised = serializers.CharField()
    role = serializers.CharField()
    deployment_name = serializers.CharField()
    market_time = serializers.CharField()

    def to_representation(self, instance: Fill) -> dict[str, Any]:
        """Render the row."""
        order = instance.order
        name = order.deployment.name if order.deployment else "Manual"
        row = events.fill_row(instance, symbol=instance.instrument.symbol, role=str(order.role), deployment_name=name)
        return row | {"account": instance.account_id}


class RuleSerializer(serializers.Serializer[Any]):
    """One rule of the gate: what it measured, its limit, what is left."""

    code = serializers.CharField()
    label: Any = serializers.CharField()
    verdict = serializers.ChoiceField(choices=["pass", "deny", "skip"])
    current = serializers.CharField(allow_null=True, required=False)
    value = serializers.CharField(allow_null=True)
    limit = serializers.CharField(allow_null=True)
    headroom = serializers.CharField(allow_null=True)
    unit = serializers.CharField()
    text = serializers.CharField()


class DecisionRowSerializer(RowSerializer):
    """One decision without its rules."""

    id = serializers.IntegerField()
    account = serializers.IntegerField()
    verdict = serializers.CharField()
    symbol = serializers.CharField()
    side = serializers.CharField()
    wanted = serializers.CharField()
    passed = serializers.CharField()
    largest = serializers.CharField()
    rule = serializers.CharField()
    text = serializers.CharField()
    role = serializers.CharField()
    deployment = serializers.IntegerField(allow_null=True)
    deployment_name = serializers.CharField()
    order = serializers.UUIDField(allow_null=True)
    market_time = serializers.CharField()

    def to_representation(self, instance: Decision) -> dict[str, Any]:
        """Render the row."""
        made = getattr(instance, "order_made", None)
        name = instance.deployment.name if instance.deployment else "Manual"
        row = events.decision_row(instance, deployment_name=name, order=None if made is None else str(made))
        return row | {"account": instance.account_id}


class DecisionSerializer(DecisionRowSerializer):
    """One decision with every rule."""

    reference_price = serializers.CharField(allow_null=True)
    order_type = serializers.CharField()
    origin = serializers.CharField()
    evaluation = serializers.IntegerField(allow_null=True)
    event_number = serializers.IntegerField(allow_null=True)
    recorded_at = serializers.CharField()
    rules = RuleSerializer(many=True)

    def to_representation(self, instance: Decision) -> dict[str, Any]:
        """Render the row and the rules as they were stored."""
        return super().to_representation(instance) | {
            "reference_price": events.text(instance.reference_price),
            "order_type": str(instance.order_type),
            "origin": instance.origin,
            "evaluation": instance.evaluation_id,
            "event_number": instance.event_number,
            "recorded_at": instant_text(instance.recorded_at),
            "rules": instance.rules,
        }


class OutcomeSerializer(serializers.Serializer[Any]):
    """What a decision would be, were the order sent now."""

    id = serializers.IntegerField(allow_null=True)
    verdict = serializers.CharField()
    symbol = serializers.CharField()
    side = serializers.CharField()
    wanted = serializers.CharField()
    passed = serializers.CharField()
    largest = serializers.CharField()
    rule = serializers.CharField()
    text = serializers.CharField()
    reserve = serializers.CharField()
    rules = RuleSerializer(many=True)

    def to_representation(self, instance: DecisionOutcome) -> dict[str, Any]:
        """Render the outcome like a stored decision."""
        result = instance.gate_result
        reserve = Decimal(0) if instance.order_result is None else instance.order_result.reserve
        return {
            "id": None,
            "verdict": str(instance.verdict),
            "symbol": result.symbol,
            "side": "BUY" if instance.wanted > 0 else "SELL",
            "wanted": events.text(abs(instance.wanted)),
            "passed": events.text(abs(instance.quantity)),
            "largest": events.text(Decimal(result.largest_quantity)),
            "rule": instance.rule,
            "text": instance.text,
            "reserve": events.money(Decimal(reserve)),
            "rules": [rule.as_dict() for rule in result.rules],
        }


class MoveSerializer(serializers.Serializer[Any]):
    """One move of an order through its life."""

    from_state = serializers.CharField()
    to_state = serializers.CharField()
    by = serializers.CharField(help_text="Whose word it was: venue, policy or human.")
    reason = serializers.CharField()
    market_time = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()


class AttemptSerializer(serializers.Serializer[Any]):
    """One attempt to send."""

    number = serializers.IntegerField()
    kind = serializers.CharField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.CharField()
    detail = serializers.CharField()


class OrderSerializer(OrderRowSerializer):
    """One order with its children, moves, attempts and fills."""

    parent: Any = serializers.UUIDField(allow_null=True)
    replaces = serializers.UUIDField(allow_null=True)
    origin = serializers.CharField()
    reduce_only = serializers.BooleanField()
    reserved = serializers.CharField()
    fees = serializers.CharField()
    created_at = serializers.CharField()
    children = OrderRowSerializer(many=True)
    moves = MoveSerializer(many=True)
    attempts = AttemptSerializer(many=True)
    fills = FillRowSerializer(many=True)

    def to_representation(self, instance: Order) -> dict[str, Any]:
        """Render the row and what belongs to it."""
        return super().to_representation(instance) | {
            "parent": None if instance.parent_id is None else str(instance.parent_id),
            "replaces": None if instance.replaces_id is None else str(instance.replaces_id),
            "origin": instance.origin,
            "reduce_only": instance.reduce_only,
            "reserved": events.money(instance.reserved),
            "fees": events.text(instance.fees),
            "created_at": instant_text(instance.created_at),
            "children": OrderRowSerializer(instance.children.all(), many=True).data,
            "moves": MoveSerializer(instance.moves.all(), many=True).data,
            "attempts": AttemptSerializer(instance.attempts.all(), many=True).data,
            "fills": FillRowSerializer(instance.fills.all(), many=True).data,
        }


class DeploymentSerializer(RowSerializer):
    """One deployment."""

    id = serializers.IntegerField()
    account = serializers.IntegerField()
    name = serializers.CharField()
    strategy = serializers.CharField()
    parameters = ParametersField()
    symbols = serializers.ListField(child=serializers.CharField())
    state = serializers.CharField()
    message = serializers.CharField()
    priority = serializers.IntegerField()
    direction = serializers.CharField()
    position_size = serializers.CharField()
    stop_loss = serializers.CharField(allow_null=True)
    take_profit = serializers.CharField(allow_null=True)
    rebalance_band = serializers.CharField(allow_null=True)
    capital = serializers.CharField(allow_null=True)
    on_limit = serializers.CharField()
    targets = serializers.DictField()
    anchor_on = serializers.DateField(allow_null=True)

    def to_representation(self, instance: Deployment) -> dict[str, Any]:
        """Render the row."""
        return events.deployment_row(instance) | {
            "account": instance.account_id,
            "rebalance_band": events.text(instance.rebalance_band),
            "capital": events.text(instance.capital),
            "anchor_on": instance.anchor_on.isoformat() if instance.anchor_on else None,
        }


class EvaluationSerializer(serializers.Serializer[Any]):
    """One look of a deployment at one bar."""

    id = serializers.IntegerField()
    deployment = serializers.IntegerField()
    deployment_name = serializers.CharField()
    event_number = serializers.IntegerField()
    session_on = serializers.DateField()
    market_time = serializers.CharField()
    dataset_version = serializers.IntegerField(allow_null=True)
    targets = serializers.DictField()
    row = serializers.DictField()
    changes = serializers.ListField(child=serializers.CharField())
    signals = serializers.ListField(child=serializers.DictField())
    state = serializers.CharField()
    intents = serializers.IntegerField()
    message = serializers.CharField()

    def to_representation(self, instance: Evaluation) -> dict[str, Any]:
        """Render the row."""
        return {
            "id": instance.pk,
            "deployment": instance.deployment_id,
            "deployment_name": instance.deployment.name,
            "event_number": instance.event_number,
            "session_on": instance.session_on.isoformat(),
            "market_time": events.instant(instance.market_time),
            "dataset_version": instance.dataset_version,
            "targets": instance.targets,
            "row": instance.row,
            "changes": instance.changes,
            "signals": instance.signals,
            "state": str(instance.state),
            "intents": instance.intents,
            "message": instance.message,
        }


class ParameterSerializer(serializers.Serializer[Any]):
    """One parameter of a strategy."""

    name = serializers.CharField()
    type = serializers.ChoiceField(choices=["integer", "number"])
    default = serializers.FloatField()
    min = serializers.FloatField()
    max = serializers.FloatField()
    help = serializers.CharField()


class StrategySerializer(serializers.Serializer[Any]):
    """An installed strategy."""

    name = serializers.CharField()
    title = serializers.CharField()
    documentation = serializers.CharField()
    kind = serializers.CharField()
    lookback = serializers.IntegerField(allow_null=True)
    warmup = serializers.IntegerField()
    direction = serializers.CharField()
    parameters = ParameterSerializer(many=True)
