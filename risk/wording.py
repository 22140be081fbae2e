"""Words for the gate's findings: labels, clauses and the sentence of a verdict. Pure.

A clause starts in lower case and carries no full stop, so that it fits into "Donchian 20/10 wanted to buy 24 GOOG; the
account already holds 5.0 % of its 8 % limit; 14 would have passed."
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from risk.facts import GateResult, Number

LABELS = {
    "INPUT": "Well-formed order",
    "STEP": "Quantity on step",
    "MINIMUM_QUANTITY": "Minimum quantity",
    "INSTRUMENT": "Known instrument",
    "CURRENCY_MISMATCH": "Account currency",
    "SESSION": "Market session",
    "REDUCE_ONLY": "Reduce only",
    "STOP_STATE": "Stop state",
    "FACTS": "Facts known",
    "SYMBOL_ALLOWED": "Allowed symbol",
    "STALE_REFERENCE": "Fresh reference price",
    "COLLAR": "Price collar",
    "SHORT_NOT_ALLOWED": "No shorts on a cash account",
    "DAILY_LOSS": "Daily loss",
    "POSITIONS": "Number of positions",
    "OPEN_ORDERS": "Open orders",
    "RATE_SECOND": "Orders per second",
    "RATE_MINUTE": "Orders per minute",
    "DUPLICATE": "Duplicate order",
    "SELF_MATCH": "Self-match",
    "ORDER_NOTIONAL": "Order size",
    "POSITION_USD": "Position value",
    "POSITION_PCT": "Position share of equity",
    "USER_SYMBOL": "Symbol over all accounts",
    "LEVERAGE": "Leverage",
    "INITIAL_MARGIN": "Initial margin",
    "BUYING_POWER": "Buying power",
    "GATE_ERROR": "Gate",
}

# A limit in money from here on bounds nothing; to set a figure against it would say nothing either.
UNBOUNDED_USD = 1_000_000_000


def label(code: str) -> str:
    """The rule's name for people."""
    return LABELS.get(code, code)


def plain(value: Number | None) -> str | None:
    """A number as a decimal string without exponent or trailing zeros."""
    if value is None:
        return None
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not number.is_finite():
        return str(number)
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def amount(value: Number | None, unit: str, currency: str) -> str:
    """A measure with its unit, at a precision people read."""
    if value is None:
        return "not measured"
    if unit == "fraction":
        return f"{value * 100:z.1f} %"
    if unit == "usd":
        return f"{value:z,.2f} {currency}"
    if unit == "times":
        return f"{value:z.2f}\u00d7"
    return plain(value) or ""


def bound(value: Number | None, unit: str, currency: str) -> str:
    """A limit with its unit, without needless zeros."""
    if value is None:
        return "not set"
    if unit == "fraction":
        return f"{plain(_rounded(value * 100))} %"
    if unit == "times":
        return f"{plain(_rounded(value))}\u00d7"
    return amount(value, unit, currency)


def _rounded(value: Number) -> Decimal:
    return Decimal(f"{value:z.3f}")


def rule_text(
    code: str,
    verdict: str,
    current: Number | None,
    value: Number | None,
    limit: Number | None,
    headroom: Number | None,
    unit: str,
    subject: str,
    currency: str,
) -> str:
    """What a rule found, as a clause."""
    if verdict == "skip":
        return "does not apply to this order"
    if unit == "unmeasured":
        return "not measured"
    if verdict == "deny" and code in _FINDINGS:
        return _FINDINGS[code].format(subject=subject)
    if verdict == "deny" and limit is None:
        return f"{label(code).lower()} has no limit set, and an unset limit denies openings"
    if verdict == "deny" and value is None:
        return f"{label(code).lower()} cannot be measured"
    if limit is None or (verdict != "deny" and value is None):
        return "in order"
    if verdict != "deny" and unit == "usd" and limit >= UNBOUNDED_USD:
        return "in order"
    if verdict != "deny" and code in _MET:
        return _MET[code].format(value=amount(value, unit, currency), limit=bound(limit, unit, currency))
    words = _MEASURES.get(code) if verdict == "deny" else None
    if words is None:
        return f"{amount(value, unit, currency)} against a limit of {bound(limit, unit, currency)}"
    return words(
        amount(current, unit, currency), _beyond(value, limit, unit, currency), bound(limit, unit, currency), subject
    )


def _beyond(value: Number | None, limit: Number, unit: str, currency: str) -> str:
    """A value that breaks its limit, with as many digits as it takes to look different from it."""
    text = amount(value, unit, currency)
    if value is None or text != amount(limit, unit, currency):
        return text
    return f"{value * 100:.6f} %" if unit == "fraction" else f"{value:,.8f}"


_FINDINGS = {
    "INPUT": "{subject}",
    "STEP": "{subject}",
    "INSTRUMENT": "{subject}",
    "CURRENCY_MISMATCH": "{subject}",
    "SESSION": "{subject}",
    "STOP_STATE": "{subject}",
    "FACTS": "{subject}",
    "SYMBOL_ALLOWED": "{subject} is not among the account's allowed symbols",
    "STALE_REFERENCE": "there is no fresh reference price for {subject}",
    "SHORT_NOT_ALLOWED": "a cash account cannot sell more {subject} than the sleeve holds free of other exits",
    "DUPLICATE": "the same order for {subject} was given less than two seconds ago",
    "GATE_ERROR": "the gate could not judge the order ({subject}), so it denies",
}

# Bounds that are no ceiling, where they are met.
_MET = {
    "MINIMUM_QUANTITY": "{value}, and at least {limit} is needed",
    "COLLAR": "the limit price {value} is within the collar at {limit}",
}

# Each takes the measure before the order, with it, the limit, and the symbol.
_MEASURES: dict[str, Callable[[str, str, str, str], str]] = {
    "REDUCE_ONLY": lambda _, value, limit, symbol: (
        f"a reduce-only order may take at most {limit} {symbol} off its sleeve"
    ),
    "MINIMUM_QUANTITY": lambda _, value, limit, symbol: f"{value} {symbol} is below the minimum of {limit}",
    "COLLAR": lambda _, value, limit, symbol: f"the limit price {value} is beyond the price collar at {limit}",
    "DAILY_LOSS": lambda current, value, limit, _: (
        f"the account is at {value} today, beyond its daily loss limit of {limit}"
    ),
    "POSITIONS": lambda current, value, limit, _: f"the account holds {current} positions and may hold {limit}",
    "OPEN_ORDERS": lambda current, value, limit, _: f"{current} orders are open and {limit} may be",
    "RATE_SECOND": lambda current, value, limit, _: f"{current} orders in the last second, and {limit} are allowed",
    "RATE_MINUTE": lambda current, value, limit, _: f"{current} orders in the last minute, and {limit} are allowed",
    "SELF_MATCH": lambda current, value, limit, symbol: (
        f"another sleeve's limit order at {value} would trade with this one at the reference price {limit}"
    ),
    "ORDER_NOTIONAL": lambda _, value, limit, symbol: f"the order is {value} of equity and one order may be {limit}",
    "POSITION_USD": lambda current, value, limit, symbol: (
        f"the account already holds {current} of {symbol}, would hold {value}, and its limit is {limit}"
    ),
    "POSITION_PCT": lambda current, value, limit, symbol: (
        f"the account already holds {current} of its {limit} limit in {symbol} and would hold {value}"
    ),
    "USER_SYMBOL": lambda current, value, limit, symbol: (
        f"all accounts together hold {current} of their {limit} limit in {symbol} and would hold {value}"
    ),
    "LEVERAGE": lambda current, value, limit, _: f"leverage is {current}, would be {value}, and may be {limit}",
    "INITIAL_MARGIN": lambda current, value, limit, _: (
        f"initial margin is {current} of equity, would be {value}, and may be {limit}"
    ),
    "BUYING_POWER": lambda _, value, limit, symbol: f"the order needs {value} and buying power is {limit}",
}


def verdict_text(result: GateResult) -> str:
    """The verdict in one sentence: what was asked, why not, and what would have passed."""
    if result.binding_rule in {"INPUT", "GATE_ERROR"} and result.opening == result.reducing == 0:
        reason = result.rules[0].text
        return f"This order for {result.symbol} cannot be judged: {reason}; no size would have passed."
    size: Any = abs(result.quantity)
    asked = f"{'Buy' if result.quantity > 0 else 'Sell'} {plain(size)} {result.symbol}"
    largest = plain(result.largest_quantity)
    if result.allowed:
        return f"{asked}: every rule passes; the largest that would pass is {largest}."
    binding = result.binding
    reason = binding.text if binding else "denied"
    passed = f"{largest} would have passed" if result.largest_quantity > 0 else "no size would have passed"
    return f"{asked}: {reason}; {passed}."
