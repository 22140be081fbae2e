"""Market data as programs see it: the seeds' endpoints in plain JSON numbers, our own in decimal strings."""

from datetime import date
from typing import Any

import numpy as np
from rest_framework import serializers

from marketdata.bars import Panel
from marketdata.calendars import MarketStatus
from marketdata.feeds.replay import SPEEDS
from marketdata.models import Instrument
from marketdata.selectors import PERIODS, Quote


class InstrumentSerializer(serializers.ModelSerializer[Instrument]):
    """One instrument; sizes as decimal strings."""

    tick = serializers.DecimalField(max_digits=20, decimal_places=8, allow_null=True, normalize_output=True)
    step = serializers.DecimalField(max_digits=20, decimal_places=8, normalize_output=True)
    multiplier = serializers.DecimalField(max_digits=20, decimal_places=8, normalize_output=True)
    minimum_quantity = serializers.DecimalField(max_digits=20, decimal_places=8, normalize_output=True)

    class Meta:
        model = Instrument
        fields = [
            "id",
            "symbol",
            "exchange",
            "name",
            "kind",
            "currency",
            "calendar",
            "tick",
            "step",
            "multiplier",
            "minimum_quantity",
            "first_bar_on",
            "last_bar_on",
            "tradable",
        ]
        read_only_fields = fields


class FeedSerializer(serializers.Serializer[Any]):
    """A feed and its clock."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.CharField()
    calendar = serializers.CharField()
    state = serializers.CharField()
    speed = serializers.CharField()
    speed_reached = serializers.CharField(allow_null=True)
    market_time = serializers.CharField()
    session_on = serializers.CharField(allow_null=True)
    phase = serializers.CharField(allow_null=True)
    event_number = serializers.IntegerField()
    start_on = serializers.CharField(allow_null=True)
    is_current = serializers.BooleanField()


class SpeedSerializer(serializers.Serializer[Any]):
    """The ceiling of a replay's speed, in sessions a second."""

    speed = serializers.ChoiceField(choices=SPEEDS)


class HistoryQuery(serializers.Serializer[Any]):
    """What part of a history: a period, or dates (both included)."""

    period = serializers.ChoiceField(choices=list(PERIODS), required=False)
    start = serializers.DateField(required=False)
    end = serializers.DateField(required=False)
    interval = serializers.ChoiceField(choices=["1d"], required=False, help_text="Daily bars are what there is.")

    def to_internal_value(self, data: Any) -> Any:
        """Empty values are left out; periods are read in either case."""
        given: dict[str, Any] = {str(name): data[name] for name in self.fields if data.get(name)}
        if "period" in given:
            given["period"] = str(given["period"]).upper()
        return super().to_internal_value(given)


class QuoteSerializer(serializers.Serializer[Any]):
    """A quote in the seeds' shape."""

    success = serializers.BooleanField()
    symbol = serializers.CharField()
    price = serializers.FloatField()
    bid = serializers.FloatField(allow_null=True)
    ask = serializers.FloatField(allow_null=True)
    volume = serializers.FloatField(allow_null=True)
    timestamp = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # the JSON key; the field's own attribute is not used
    bars_old = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField()


class HistoryBarSerializer(serializers.Serializer[Any]):
    """One finished bar."""

    date = serializers.DateField()
    open = serializers.FloatField()
    high = serializers.FloatField()
    low = serializers.FloatField()
    close = serializers.FloatField()
    volume = serializers.FloatField()


class HistorySerializer(serializers.Serializer[Any]):
    """A history in the seeds' shape."""

    success = serializers.BooleanField()
    symbol = serializers.CharField()
    interval = serializers.CharField()
    period = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()
    data = HistoryBarSerializer(many=True)  # type: ignore[assignment]  # the JSON key, for the schema only


class MarketStatusSerializer(serializers.Serializer[Any]):
    """Whether the market is open, in the seeds' shape."""

    success = serializers.BooleanField()
    calendar = serializers.CharField()
    is_open = serializers.BooleanField()
    status = serializers.ChoiceField(choices=["open", "closed"])
    early_close = serializers.BooleanField()
    session_on = serializers.DateField(allow_null=True)
    market_time = serializers.CharField()
    next_open = serializers.CharField()
    next_close = serializers.CharField()


def instant_text(instant: Any) -> str:
    """An aware instant as ISO text in UTC with a Z."""
    return instant.isoformat().replace("+00:00", "Z")


def quote_render(quote: Quote, currency: str) -> dict[str, Any]:
    """A quote as the seeds wrote it: JSON numbers."""
    numbers = {name: getattr(quote, name) for name in ("price", "bid", "ask", "volume")}
    return {
        "success": True,
        "symbol": quote.symbol,
        **{name: None if value is None else float(value) for name, value in numbers.items()},
        "timestamp": instant_text(quote.as_of),
        "source": quote.source,
        "bars_old": quote.bars_old,
        "currency": currency,
    }


def history_render(panel: Panel, period: str | None) -> dict[str, Any]:
    """One symbol's panel as the seeds' list of bars."""
    names = ("open", "high", "low", "close", "volume")
    columns = [np.asarray(getattr(panel, name)[:, 0]).tolist() for name in names]
    days: list[date] = panel.times.tolist()
    rows = [
        {"date": day.isoformat(), **dict(zip(names, values, strict=True))}
        for day, *values in zip(days, *columns, strict=True)
    ]
    symbol = panel.symbols[0]
    return {"success": True, "symbol": symbol, "interval": "1d", "period": period, "count": len(rows), "data": rows}


def status_render(status: MarketStatus, at: Any) -> dict[str, Any]:
    """The market's status as the seeds' endpoint says it."""
    return {
        "success": True,
        "calendar": status.calendar,
        "is_open": status.is_open,
        "status": "open" if status.is_open else "closed",
        "early_close": status.early_close,
        "session_on": status.session_on.isoformat() if status.session_on else None,
        "market_time": instant_text(at),
        "next_open": instant_text(status.next_open_at),
        "next_close": instant_text(status.next_close_at),
    }
