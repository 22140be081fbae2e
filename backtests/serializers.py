"""Backtests on the wire: the seeds' request and result with JSON numbers, our own rows beside them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from backtests.models import BacktestRun
from backtests.selectors import backtest_result


class BacktestRequestSerializer(serializers.Serializer[Any]):
    """The seeds' body; what the strategy and the costs leave out is default. Read for the schema, checked elsewhere."""

    start_date = serializers.DateField()
    end_date = serializers.DateField()
    symbols = serializers.ListField(child=serializers.CharField())
    initial_capital = serializers.FloatField()
    strategy = serializers.CharField(required=False)
    parameters = serializers.DictField(required=False)
    position_size = serializers.FloatField(required=False, help_text="Fraction of equity.")
    stop_loss = serializers.FloatField(required=False, allow_null=True, help_text="Fraction; null for none.")
    take_profit = serializers.FloatField(required=False, allow_null=True, help_text="Fraction; null for none.")
    commission_per_share = serializers.FloatField(required=False)
    commission_pct = serializers.FloatField(required=False, help_text="Fraction of the value.")
    commission_minimum = serializers.FloatField(required=False)
    half_spread_bps = serializers.FloatField(required=False)
    slippage_bps = serializers.FloatField(required=False)
    wait = serializers.FloatField(required=False, help_text="Seconds to wait for the result, 0 to 30; 10 if not given.")


class TradeSerializer(serializers.Serializer[Any]):
    """One fill; `pnl` is what it realised net of its fee, null where it closed nothing."""

    trade_id = serializers.CharField()
    symbol = serializers.CharField()
    action = serializers.ChoiceField(choices=["BUY", "SELL"])
    quantity = serializers.FloatField()
    price = serializers.FloatField()
    timestamp = serializers.CharField()
    pnl = serializers.FloatField(allow_null=True)
    fee = serializers.FloatField()
    role = serializers.CharField()
    phase = serializers.CharField()


class EquityPointSerializer(serializers.Serializer[Any]):
    """Equity at a session's close."""

    session_on = serializers.DateField()
    equity = serializers.FloatField()
    drawdown = serializers.FloatField()


class BacktestResultSerializer(serializers.Serializer[Any]):
    """The seeds' result; fractions are fractions, a figure that is not defined is null."""

    strategy_name = serializers.CharField()
    start_date = serializers.DateField()
    end_date = serializers.DateField()
    initial_capital = serializers.FloatField()
    final_value = serializers.FloatField()
    total_return = serializers.FloatField()
    sharpe_ratio = serializers.FloatField(allow_null=True)
    max_drawdown = serializers.FloatField(allow_null=True)
    num_trades = serializers.IntegerField(help_text="Rows of the trade history: fills.")
    win_rate = serializers.FloatField(allow_null=True, help_text="Over finished round trips.")
    round_trips = serializers.IntegerField()
    trade_history = TradeSerializer(many=True)
    equity_curve = EquityPointSerializer(many=True)
    settings = serializers.DictField()
    rules_not_simulated = serializers.ListField(child=serializers.CharField())
    messages = serializers.ListField(child=serializers.CharField())


class BacktestAnswerSerializer(serializers.Serializer[Any]):
    """Answer to a finished run."""

    success = serializers.BooleanField()
    result = BacktestResultSerializer()


class BacktestPendingSerializer(serializers.Serializer[Any]):
    """Answer to a run that is not done: where to ask."""

    success = serializers.BooleanField()
    message = serializers.CharField()
    run = serializers.IntegerField()
    address = serializers.CharField()


class BacktestRunSerializer(serializers.ModelSerializer[BacktestRun]):
    """A run in a list: what was asked, where it stands, its figures."""

    state = serializers.CharField(read_only=True)
    progress = serializers.FloatField(source="job.progress", read_only=True)
    error = serializers.CharField(source="job.error", read_only=True)
    job = serializers.UUIDField(source="job_id", read_only=True)

    class Meta:
        """Read only."""

        model = BacktestRun
        fields: tuple[str, ...] = (
            "id",
            "job",
            "state",
            "progress",
            "error",
            "request",
            "dataset_version",
            "summary",
            "created_at",
        )
        read_only_fields: tuple[str, ...] = fields


class BacktestDetailSerializer(BacktestRunSerializer):
    """One run with its result; null until it is done."""

    result = serializers.SerializerMethodField()

    class Meta(BacktestRunSerializer.Meta):
        """The list's fields and the result."""

        fields = (*BacktestRunSerializer.Meta.fields, "result")
        read_only_fields = fields

    def get_result(self, run: BacktestRun) -> dict[str, Any] | None:
        """The whole result."""
        return backtest_result(run)
