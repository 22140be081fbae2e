"""The seeds' status, account, configuration and risk metrics: JSON numbers, `_pct` in percent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from operations.serializers import Asked
from portfolio.fields import ExactDecimalField
from trading.serializers import IdField, ParametersField, SymbolField, TermField
from trading.terms import OnLimit

# --- what is answered -------------------------------------------------------------------------------------------------


class StatusPortfolioSerializer(serializers.Serializer[Any]):
    """The account's worth."""

    total_value = serializers.FloatField()
    cash = serializers.FloatField()
    positions_value = serializers.FloatField()
    unrealized_pnl = serializers.FloatField()
    total_return = serializers.FloatField(allow_null=True, help_text="A fraction.")
    num_positions = serializers.IntegerField()


class SeedPositionSerializer(serializers.Serializer[Any]):
    """One position."""

    symbol = serializers.CharField()
    quantity = serializers.FloatField()
    avg_price = serializers.FloatField(allow_null=True)
    current_price = serializers.FloatField(allow_null=True)
    market_value = serializers.FloatField(allow_null=True)
    unrealized_pnl = serializers.FloatField(allow_null=True)
    unrealized_pnl_pct = serializers.FloatField(allow_null=True, help_text="Percent.")


class StatusAccountSerializer(serializers.Serializer[Any]):
    """The account's balances."""

    account_id = serializers.CharField()
    cash = serializers.FloatField()
    buying_power = serializers.FloatField()
    portfolio_value = serializers.FloatField()


class StatusSerializer(serializers.Serializer[Any]):
    """Whether it runs, what it is worth, what it holds."""

    running = serializers.BooleanField()
    mode = serializers.CharField()
    portfolio = StatusPortfolioSerializer()
    positions = SeedPositionSerializer(many=True)
    account = StatusAccountSerializer()
    last_update = serializers.CharField(help_text="Market time of the account's feed.")


class PositionsSerializer(serializers.Serializer[Any]):
    """The positions."""

    success = serializers.BooleanField()
    positions = SeedPositionSerializer(many=True)


class SeedAccountSerializer(StatusAccountSerializer):
    """The account's balances and what it is."""

    name = serializers.CharField()
    mode = serializers.CharField()
    currency = serializers.CharField()
    kind = serializers.CharField()
    positions_value = serializers.FloatField()
    unrealized_pnl = serializers.FloatField()
    realized_pnl = serializers.FloatField()
    reserved = serializers.FloatField()
    fees = serializers.FloatField()
    initial_capital = serializers.FloatField()
    last_update = serializers.CharField()


class RiskMeasureSerializer(serializers.Serializer[Any]):
    """One measure against its limit."""

    code = serializers.CharField()
    label: Any = serializers.CharField()
    unit = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    limit = serializers.FloatField(allow_null=True)
    used_pct = serializers.FloatField(allow_null=True)


class RiskMetricsSerializer(serializers.Serializer[Any]):
    """Where the account stands against its limits."""

    success = serializers.BooleanField()
    account_id = serializers.CharField()
    state = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())
    profile = serializers.CharField()
    portfolio_value = serializers.FloatField()
    buying_power = serializers.FloatField()
    daily_pnl = serializers.FloatField()
    daily_return_pct = serializers.FloatField(allow_null=True)
    max_daily_loss_pct = serializers.FloatField(allow_null=True)
    largest_position_pct = serializers.FloatField(allow_null=True)
    max_position_size_pct = serializers.FloatField(allow_null=True)
    leverage = serializers.FloatField(allow_null=True)
    max_portfolio_leverage = serializers.FloatField(allow_null=True)
    num_positions = serializers.IntegerField()
    max_drawdown_pct = serializers.FloatField(allow_null=True)
    sharpe_ratio = serializers.FloatField(allow_null=True)
    win_rate_pct = serializers.FloatField(allow_null=True)
    measures = RiskMeasureSerializer(many=True)
    last_update = serializers.CharField()


# --- configuration ----------------------------------------------------------------------------------------------------


class Section(Asked):
    """A part of the configuration: everything may be left out, what it does not have is refused."""


@extend_schema_field({"type": "object", "nullable": True, "description": "Never shown, never set here."})
class NothingField(serializers.Field):
    """Credentials: null, or an object of nulls."""

    default_error_messages = {"invalid": "Credentials are neither shown nor set here; leave them out or null."}

    def to_internal_value(self, data: Any) -> None:
        """Take nothing."""
        if not (isinstance(data, Mapping) and all(value is None for value in data.values())):
            self.fail("invalid")

    def to_representation(self, value: Any) -> None:
        """Show nothing."""


@extend_schema_field({"type": "array", "items": {"type": "string"}, "nullable": True})
class SymbolsField(serializers.ListField):
    """Symbols as a list, or as text separated by commas."""

    child = SymbolField()

    def to_internal_value(self, data: Any) -> list[str]:
        """Split text."""
        given = [part for part in data.split(",") if part.strip()] if isinstance(data, str) else data
        return list(super().to_internal_value(given))


class TradingSection(Section):
    """Mode and capital are fixed; the sizes are those of every strategy, null where they differ."""

    mode = serializers.CharField(required=False, allow_null=True, max_length=20)
    initial_capital = ExactDecimalField(required=False, allow_null=True)
    max_positions = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=1_000_000)
    position_size = ExactDecimalField(required=False, allow_null=True, help_text="Fraction of equity.")
    stop_loss = ExactDecimalField(required=False, allow_null=True, help_text="Fraction.")
    take_profit = ExactDecimalField(required=False, allow_null=True, help_text="Fraction.")


class BrokerageSection(Section):
    """Fixed."""

    provider = serializers.CharField(required=False, allow_null=True, max_length=20)
    credentials = NothingField(required=False, allow_null=True)


class DataSection(Section):
    """Fixed."""

    provider = serializers.CharField(required=False, allow_null=True, max_length=20)
    cache_enabled = serializers.BooleanField(required=False, allow_null=True)
    cache_dir = serializers.CharField(required=False, allow_null=True, max_length=300)


class RiskSection(Section):
    """Limits; they can only be made tighter here."""

    max_position_size_pct = ExactDecimalField(required=False, allow_null=True, help_text="Percent of equity.")
    max_daily_loss_pct = ExactDecimalField(required=False, allow_null=True, help_text="Percent.")
    max_portfolio_leverage = ExactDecimalField(required=False, allow_null=True)
    allowed_symbols = SymbolsField(required=False, allow_null=True, max_length=5000, help_text="Null: every symbol.")


class StrategySection(Section):
    """A deployment, named by `id` or `name`; changed only while it is stopped."""

    id = IdField(required=False, allow_null=True)
    name = serializers.CharField(required=False, allow_null=True, max_length=80)
    strategy = serializers.CharField(required=False, allow_null=True, max_length=80)
    enabled = serializers.BooleanField(required=False, allow_null=True, help_text="Running.")
    params = ParametersField(required=False, allow_null=True)
    symbols = SymbolsField(required=False, allow_null=True, max_length=500)
    priority = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=32767)
    on_limit = TermField(OnLimit, required=False, allow_null=True)
    position_size = ExactDecimalField(required=False, allow_null=True)
    stop_loss = ExactDecimalField(required=False, allow_null=True)
    take_profit = ExactDecimalField(required=False, allow_null=True)


class ConfigSerializer(Section):
    """The configuration, whole or in part."""

    account = IdField(required=False)
    trading = TradingSection(required=False, allow_null=True)
    brokerage = BrokerageSection(required=False, allow_null=True)
    data: Any = DataSection(required=False, allow_null=True)
    risk = RiskSection(required=False, allow_null=True)
    strategies = StrategySection(many=True, required=False, allow_null=True)


class ConfigShownSerializer(serializers.Serializer[Any]):
    """The configuration."""

    trading = TradingSection()
    brokerage = BrokerageSection()
    data: Any = DataSection()
    risk = RiskSection()
    strategies = StrategySection(many=True)


class ConfigAnswerSerializer(serializers.Serializer[Any]):
    """The configuration as it is."""

    success = serializers.BooleanField()
    config = ConfigShownSerializer()


class ConfigSavedSerializer(ConfigAnswerSerializer):
    """The configuration as it is now."""

    message = serializers.CharField()
