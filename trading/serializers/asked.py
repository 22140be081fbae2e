"""What people and programs ask of trading: orders, replacements, protection, deployments."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from operations.serializers import Asked
from portfolio.fields import ExactDecimalField
from trading.serializers.fields import IdField, ParametersField, SymbolField, TermField
from trading.services.submit import Wish
from trading.terms import OnLimit, OrderType, Side, TimeInForce


class AccountNamed(Asked):
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


class ReplaceSerializer(Asked):
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


class CancelAllSerializer(Asked):
    """Which working orders to cancel."""

    symbol = SymbolField(required=False)
    protective = serializers.BooleanField(default=False, help_text="Stops and targets too.")


class DeploymentChangeSerializer(Asked):
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
