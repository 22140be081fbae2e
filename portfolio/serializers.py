"""Shapes of accounts, valuations and members on the wire: decimals are text, fractions are fractions."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from operations.canonical import decimal_text
from operations.serializers import Asked
from portfolio.fields import ExactDecimalField
from portfolio.models import Account, Membership, Role, Valuation


class ValuationSerializer(serializers.ModelSerializer):
    """The account's worth at one event of its feed."""

    cash = ExactDecimalField(read_only=True)
    positions_value = ExactDecimalField(read_only=True)
    unrealised = ExactDecimalField(read_only=True)
    equity = ExactDecimalField(read_only=True)
    net_flow = ExactDecimalField(read_only=True)

    class Meta:
        model = Valuation
        fields = [
            "event_number",
            "phase",
            "session_on",
            "market_time",
            "cash",
            "positions_value",
            "unrealised",
            "equity",
            "net_flow",
        ]
        read_only_fields = fields


class AccountSerializer(serializers.ModelSerializer):
    """An account with its balances and the caller's role (null: seen by site role)."""

    role = serializers.ChoiceField(choices=Role.choices, read_only=True, allow_null=True)
    feed: Any = serializers.PrimaryKeyRelatedField(read_only=True)
    cash = ExactDecimalField(read_only=True)
    reserved = ExactDecimalField(read_only=True)
    net_deposits = ExactDecimalField(read_only=True)
    realised = ExactDecimalField(read_only=True)
    fees = ExactDecimalField(read_only=True)

    class Meta:
        model = Account
        fields = [
            "id",
            "name",
            "environment",
            "currency",
            "kind",
            "role",
            "feed",
            "cash",
            "reserved",
            "net_deposits",
            "realised",
            "fees",
            "created_at",
            "archived_at",
        ]
        read_only_fields = fields


class AccountDetailSerializer(AccountSerializer):
    """An account with its latest valuation."""

    valuation = serializers.SerializerMethodField()

    class Meta(AccountSerializer.Meta):
        fields = [*AccountSerializer.Meta.fields, "valuation"]
        read_only_fields = fields

    @extend_schema_field(ValuationSerializer(allow_null=True))
    def get_valuation(self, account: Account) -> Any:
        """Render the valuation the view passed."""
        valuation = self.context.get("valuation")
        return ValuationSerializer(valuation).data if valuation else None


class EquitySerializer(serializers.Serializer):
    """Points of equity, oldest first, each [market time, equity]."""

    points = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(), min_length=2, max_length=2)
    )


class EquityQuerySerializer(serializers.Serializer):
    """How many points of equity."""

    limit = serializers.IntegerField(min_value=1, max_value=5000, default=1000)


class FractionField(serializers.FloatField):
    """A float as plain decimal text; null where undefined."""

    def to_representation(self, value: float) -> Any:
        """Eight decimals, without an exponent."""
        return decimal_text(Decimal(f"{value:.8f}"))


class PerformanceSerializer(serializers.Serializer):
    """Figures as fractions; null where undefined."""

    total_return = FractionField(allow_null=True)
    daily_return = FractionField(allow_null=True)
    sharpe_ratio = FractionField(allow_null=True)
    max_drawdown = FractionField(allow_null=True)
    win_rate = FractionField(allow_null=True)
    round_trips = serializers.IntegerField()
    observations = serializers.IntegerField()


class TransferSerializer(Asked):
    """Money in or out of a paper account; the same key moves it once."""

    amount = ExactDecimalField()
    key = serializers.CharField(max_length=100, required=False)


class MembershipSerializer(serializers.ModelSerializer):
    """A member and their role."""

    user = serializers.IntegerField(source="user_id", read_only=True)
    username = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = Membership
        fields = ["user", "username", "role"]
        read_only_fields = fields


class MembershipSetSerializer(serializers.Serializer):
    """Whom to let in, and as what."""

    username = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(choices=[(Role.TRADER, Role.TRADER.label), (Role.VIEWER, Role.VIEWER.label)])
