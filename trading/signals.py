"""The wishes of strategies and what they are shown: `Signal`, `MarketData`, `FilledOrder`. Pure.

A signal is a wish with an unsigned quantity and a BUY or SELL, as strategies speak; the signed quantity of an intent
is made of it later. `quantity` None means the deployment's position size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

ACTIONS = ("BUY", "SELL", "HOLD")
ORDER_TYPES = ("MARKET", "LIMIT", "STOP", "STOP_LIMIT")
_ORDER_TYPE_ALIASES = {"STOP_LOSS": "STOP"}
_NEEDS_LIMIT = ("LIMIT", "STOP_LIMIT")
_NEEDS_STOP = ("STOP", "STOP_LIMIT")


@dataclass(frozen=True, slots=True)
class MarketData:
    """One bar of one symbol; `timestamp` is the bar's opening instant (daily: its session's date, UTC)."""

    symbol: str
    timestamp: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True)
class FilledOrder:
    """What a strategy is told of one fill of its own orders.

    `quantity` is unsigned, `price` the fill's, `timestamp` that of the bar it happened in, as `MarketData` has it.
    """

    order_id: str
    symbol: str
    action: str
    quantity: float
    price: float
    timestamp: datetime
    order_type: str = "MARKET"
    role: str = "entry"
    status: str = "FILLED"


@dataclass(frozen=True, slots=True)
class Signal:
    """A strategy's wish; refused with one sentence when it says nothing that could be done."""

    symbol: str
    action: str
    quantity: Decimal | float | None = None
    order_type: str = "MARKET"
    limit_price: Decimal | float | None = None
    stop_price: Decimal | float | None = None
    timestamp: datetime | None = None

    def __post_init__(self) -> None:
        """Bring names to one form, then refuse what cannot be meant."""
        action, order_type = str(self.action).upper(), str(self.order_type).upper()
        object.__setattr__(self, "action", action)
        object.__setattr__(self, "order_type", _ORDER_TYPE_ALIASES.get(order_type, order_type))
        if not self.symbol:
            raise ValueError("A signal needs a symbol.")
        if self.action not in ACTIONS:
            raise ValueError(f"A signal's action is BUY, SELL or HOLD, not {self.action!r}.")
        if self.order_type not in ORDER_TYPES:
            raise ValueError(f"A signal's order type is one of {', '.join(ORDER_TYPES)}, not {self.order_type!r}.")
        for name in ("quantity", "limit_price", "stop_price"):
            _positive_check(name, getattr(self, name))
        if self.order_type in _NEEDS_LIMIT and self.limit_price is None:
            raise ValueError(f"A {self.order_type} signal needs a limit price.")
        if self.order_type in _NEEDS_STOP and self.stop_price is None:
            raise ValueError(f"A {self.order_type} signal needs a stop price.")


def _positive_check(name: str, value: Decimal | float | None) -> None:
    if value is None:
        return
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | Decimal)
        or not math.isfinite(value)
        or value <= 0
    ):
        raise ValueError(f"A signal's {name} must be a positive finite number, not {value}.")
