"""Facts to judge, in Decimal or float: a plain order that passes, and what a test changes of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from marketdata.rounding import TOLERANCE_DECIMAL, TOLERANCE_FLOAT
from risk.facts import (
    AccountFacts,
    GateInput,
    InstrumentFacts,
    IntentFacts,
    Limits,
    MarketFacts,
    RecentFacts,
    SleeveFacts,
    SymbolFacts,
)

D = Decimal
WIDE = D(1_000_000_000)

PARTS: dict[str, Any] = {
    "instrument": InstrumentFacts("GOOG", tick=D("0.01"), step=D(1), minimum_quantity=D(1), multiplier=D(1)),
    "intent": IntentFacts(D(10), "MARKET"),
    "market": MarketFacts(D(100), True, True),
    "sleeve": SleeveFacts(D(0), D(0)),
    "symbol": SymbolFacts(D(0), D(0), D(0), D(100_000)),
    "account": AccountFacts(
        environment="paper",
        kind="margin",
        currency="USD",
        cash=D(100_000),
        equity=D(100_000),
        gross_notional=D(0),
        opening_notional=D(0),
        reserved=D(0),
        positions=0,
        open_orders=0,
        day_start_equity=D(100_000),
        day_flows=D(0),
    ),
    "limits": Limits(
        max_position_usd=WIDE,
        max_position_pct=D(1000),
        max_user_symbol_pct=D(1000),
        max_order_pct=D(1000),
        max_leverage=D(1000),
        max_positions=1000,
        max_daily_loss_pct=D(1),
        max_open_orders=1000,
        orders_per_second=1000,
        orders_per_minute=1000,
        collar_pct=D("0.03"),
        reserve_collar_pct=D("0.03"),
        initial_margin_pct=D("0.001"),
    ),
    "recent": RecentFacts(),
}


def facts(number: type = Decimal, **changes: Any) -> GateInput:
    """The plain order with changes, ``part__field=value``; all numbers of one type."""
    parts = dict(PARTS)
    terms: dict[str, Any] = {"fee_rate": D(0), "fee_per_unit": D(0), "fee_minimum": D(0)}
    for name, value in changes.items():
        part, _, field = name.partition("__")
        if field:
            parts[part] = replace(parts[part], **{field: value})
        else:
            terms[part] = value
    given = GateInput(**parts, **terms, tolerance=TOLERANCE_DECIMAL)
    return given if number is Decimal else as_float(given)


def as_float(given: Any) -> Any:
    """The same facts with every Decimal as a float."""
    if isinstance(given, Decimal):
        return float(given)
    if given is TOLERANCE_DECIMAL:
        return TOLERANCE_FLOAT
    if isinstance(given, list | tuple):
        return tuple(as_float(one) for one in given)
    if hasattr(given, "__dataclass_fields__"):
        return replace(given, **{name: as_float(getattr(given, name)) for name in given.__dataclass_fields__})
    return given


def rule_of(result: Any, code: str) -> Any:
    """One rule of a result."""
    return next(rule for rule in result.rules if rule.code == code)


def denying(result: Any) -> list[str]:
    """The codes that deny."""
    return [rule.code for rule in result.denials]
