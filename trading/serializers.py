"""Trading on the wire. Our own rows are the dashboards' rows: exact text and fractions. The seeds' are JSON numbers.

Numbers in a body are the literal text that was sent; sides and types come in either case.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from operations.canonical import instant_text
from portfolio.fields import ExactDecimalField
from trading import events
from trading.intents import DecisionOutcome
from trading.models import Decision, Deployment, Evaluation, Fill, Order
from trading.services.submit import Wish
from trading.terms import OnLimit, OrderType, Side, TimeInForce, term_parse

ID_MAXIMUM = 2**63 - 1
_SYMBOL = re.compile(r"[A-Za-z0-9.^=/_-]{1,40}")
_WHOLE = re.compile(r"-?[0-9]{1,18}")


# --- fields -----------------------------------------------------------------------------------------------------------


@extend_schema_field(OpenApiTypes.STR)
class SymbolField(serializers.Field):
    """A symbol: letters, digits and ``. ^ = / _ -``."""

    default_error_messages = {"invalid": "A symbol has 1 to 40 letters, digits and . ^ = / _ - only."}

    def to_internal_value(self, data: Any) -> str:
        """Take the text as sent, without blanks around it."""
        if not isinstance(data, str) or not _SYMBOL.fullmatch(data.strip()):
            self.fail("invalid")
        return str(data).strip()

    def to_representation(self, value: str) -> str:
        """Return it as it is."""
        return value


class TermField(serializers.ChoiceField):
    """One of our words, in either case; STOP_LOSS is STOP."""

    def __init__(self, kind: type[StrEnum], **kwargs: Any) -> None:
        self.kind = kind
        aliases = ["STOP_LOSS"] if kind is OrderType else []
        super().__init__(choices=[*(term.value for term in kind), *aliases], **kwargs)

    def to_internal_value(self, data: Any) -> StrEnum:
        """Parse the word."""
        try:
            return term_parse(self.kind, data if isinstance(data, str) else "")
        except ValueError as error:
            raise serializers.ValidationError(str(error), code="invalid_choice") from error


class IdField(serializers.IntegerField):
    """The number of a row."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=ID_MAXIMUM, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Take whole numbers in plain digits only."""
        if isinstance(data, bool) or not _WHOLE.fullmatch(str(data)):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field(
    {"type": "object", "additionalProperties": {"type": "number"}, "example": {"fast": 10, "slow": 30}}
)
class ParametersField(serializers.DictField):
    """A strategy's parameters by name; what they may be is the strategy's to say."""

    child = serializers.CharField(max_length=40)


def number(value: Decimal | str | None) -> float | int | None:
    """Return a JSON number as the seeds write it; whole ones without a point."""
    if value is None:
        return None
    found = float(value)
    return int(found) if found.is_integer() else found


# --- what is asked ----------------------------------------------------------------------------------------------------


class AccountNamed(serializers.Serializer[Any]):
    """A body that may name its account; left out, the person's default or only one."""

    account = IdField(required=False, help_text="Left out: your default account, or your only one.")


class TradeSerializer(AccountNamed):
    """An order as people and programs ask for it."""

    symbol = SymbolField()
    quantity = ExactDecimalField(help_text="Above 0; the side says which way.")
    side = TermField(Side)
    order_type = TermField(OrderType, default=OrderType.MARKET)
    limit_price = ExactDecimalField(required=False, allow_null=True)
    stop_price = ExactDecimalField(required=False, allow_null=True)
    time_in_force = TermField(TimeInForce, default=TimeInForce.DAY)
    deployment = IdField(required=False, allow_null=True, help_text="The sleeve the order carries; left out: by hand.")
    stop_loss_price = ExactDecimalField(required=False, allow_null=True, help_text="Protective stop of the bracket.")
    take_profit_price = ExactDecimalField(required=False, allow_null=True, help_text="Target of the bracket.")
    reduce_only = serializers.BooleanField(default=False)
    on_limit = TermField(OnLimit, default=OnLimit.DENY, help_text="cut: send what still passes; deny: all or nothing.")
    client_order_id = serializers.CharField(
        max_length=48, required=False, allow_null=True, allow_blank=True, help_text="The same id asks only once."
    )
    dry_run = serializers.BooleanField(default=False, help_text="Judge, create nothing.")

    def validate_quantity(self, value: Decimal) -> Decimal:
        """A quantity has no sign; the side is named."""
        if value <= 0:
            raise serializers.ValidationError("It must be above 0; side says buy or sell.")
        return value

    def wish(self) -> Wish:
        """Return what is asked, with the quantity signed."""
        asked = self.validated_data
        return Wish(
            symbol=asked["symbol"],
            quantity=asked["quantity"] if asked["side"] == Side.BUY else -asked["quantity"],
            order_type=asked["order_type"],
            limit_price=asked.get("limit_price"),
            stop_price=asked.get("stop_price"),
            time_in_force=asked["time_in_force"],
            deployment_id=asked.get("deployment"),
            reduce_only=asked["reduce_only"],
            on_limit=asked["on_limit"],
            stop_loss_price=asked.get("stop_loss_price"),
            take_profit_price=asked.get("take_profit_price"),
            client_order_id=asked.get("client_order_id") or "",
        )


class ReplaceSerializer(serializers.Serializer[Any]):
    """What a replacement changes; at least one of them."""

    quantity = ExactDecimalField(required=False, allow_null=True, help_text="Above 0; the side stays.")
    limit_price = ExactDecimalField(required=False, allow_null=True)
    stop_price = ExactDecimalField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a replacement that changes nothing, or the side."""
        given = {name: value for name, value in attrs.items() if value is not None}
        if not given:
            raise serializers.ValidationError("Name a quantity, limit_price or stop_price to replace.")
        if given.get("quantity", 1) <= 0:
            raise serializers.ValidationError({"quantity": "It must be above 0; the side stays."})
        return given


class SymbolSerializer(AccountNamed):
    """One symbol."""

    symbol = SymbolField()


class StopLossSerializer(SymbolSerializer):
    """The stop of a position."""

    stop_price = ExactDecimalField()


class CancelAllSerializer(serializers.Serializer[Any]):
    """Which working orders to cancel."""

    symbol = SymbolField(required=False)
    protective = serializers.BooleanField(default=False, help_text="Stops and targets too.")


class DeploymentChangeSerializer(serializers.Serializer[Any]):
    """What of a stopped deployment can be changed."""

    name = serializers.CharField(max_length=80, required=False)
    parameters = ParametersField(required=False)
    symbols = serializers.ListField(child=SymbolField(), min_length=1, max_length=500, required=False)
    priority = serializers.IntegerField(min_value=0, max_value=32767, required=False)
    direction = serializers.ChoiceField(choices=["long", "both"], required=False)
    on_limit = TermField(OnLimit, required=False)
    position_size = ExactDecimalField(required=False, help_text="Fraction of equity.")
    stop_loss = ExactDecimalField(required=False, allow_null=True, help_text="Fraction below the entry; null: none.")
    take_profit = ExactDecimalField(required=False, allow_null=True, help_text="Fraction above it; null: none.")
    rebalance_band = ExactDecimalField(required=False, allow_null=True)
    capital = ExactDecimalField(required=False, allow_null=True, help_text="Null: the account's equity.")


class DeploymentCreateSerializer(DeploymentChangeSerializer):
    """A new deployment; it is made stopped."""

    account = IdField(required=False, help_text="Left out: your default account, or your only one.")
    name = serializers.CharField(max_length=80)
    strategy = serializers.CharField(max_length=80)
    symbols = serializers.ListField(child=SymbolField(), min_length=1, max_length=500)


# --- our rows ---------------------------------------------------------------------------------------------------------


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
    label = serializers.CharField()
    verdict = serializers.ChoiceField(choices=["pass", "deny", "skip"])
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
            "largest": events.text(result.largest_quantity),
            "rule": instance.rule,
            "text": instance.text,
            "reserve": events.money(reserve),
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

    parent = serializers.UUIDField(allow_null=True)
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


# --- answers ----------------------------------------------------------------------------------------------------------


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
    label = serializers.CharField()
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
