"""How much of each limit an account uses, for pages, the interface and commands. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from risk import limits as rule
from risk import wording
from risk.facts import AccountFacts, Limits


class Measure(NamedTuple):
    """One measure with its limit; `used` is the fraction of the limit in use, None where there is nothing to divide."""

    code: str
    label: str
    value: Any
    limit: Any
    used: Any
    unit: str  # fraction | usd | count | times

    def as_dict(self) -> dict[str, str | None]:
        """The measure as it is sent: decimals as strings."""
        return {
            "code": self.code,
            "label": self.label,
            "value": wording.plain(self.value),
            "limit": wording.plain(self.limit),
            "used": wording.plain(None if self.used is None else _short(self.used)),
            "unit": self.unit,
        }


def measures(
    account: AccountFacts, limits: Limits, *, largest_notional: Any, largest_symbol: str = ""
) -> list[Measure]:
    """Every measure of an account against its limits.

    `largest_notional` is the largest |notional| of one symbol over its sleeves and working openings. Buying power is
    shown against its whole: what equity at full leverage would be. A limit in money that bounds nothing is left out.
    """
    equity: Any = account.equity
    gross: Any = account.gross_notional + account.opening_notional  # type: ignore[operator]  # one number type a call
    leverage: Any = limits.max_leverage
    if leverage is not None:
        leverage = rule.leverage_allowed(leverage, account.kind == "cash")
    whole = None if leverage is None else leverage * equity
    power = None if whole is None else rule.buying_power(equity, leverage, account.gross_notional, account.reserved)
    name = f"Largest position ({largest_symbol})" if largest_symbol else "Largest position"
    bounded = limits.max_position_usd is None or limits.max_position_usd < wording.UNBOUNDED_USD
    found = [
        _daily_loss(account, limits.max_daily_loss_pct),
        _measure("LEVERAGE", "Leverage", _ratio(gross, equity), leverage, "times"),
        _measure("POSITIONS", "Number of positions", account.positions, limits.max_positions, "count"),
        _measure("LARGEST_POSITION", name, _ratio(largest_notional, equity), limits.max_position_pct, "fraction"),
        _measure("LARGEST_POSITION_USD", f"{name}, value", largest_notional, limits.max_position_usd, "usd"),
        _measure("OPEN_ORDERS", "Open orders", account.open_orders, limits.max_open_orders, "count"),
        Measure(
            "BUYING_POWER", "Buying power", power, whole, None if power is None else _used(whole - power, whole), "usd"
        ),
        _measure("RESERVED", "Reserved for working orders", account.reserved, whole, "usd"),
    ]
    return [measure for measure in found if bounded or measure.code != "LARGEST_POSITION_USD"]


def _measure(code: str, label: str, value: Any, limit: Any, unit: str) -> Measure:
    return Measure(code, label, value, limit, None if value is None else _used(value, limit), unit)


def _daily_loss(account: AccountFacts, limit: Any) -> Measure:
    start: Any = account.day_start_equity
    if start is None or start <= 0:
        return Measure("DAILY_LOSS", "Daily loss", None, limit, None, "fraction")
    value = rule.daily_return(account.equity, account.day_flows, start)
    return Measure("DAILY_LOSS", "Daily loss", value, limit, _used(max(-value, 0 * value), limit), "fraction")


def _ratio(part: Any, whole: Any) -> Any:
    return part / whole if whole > 0 else None


def _used(value: Any, limit: Any) -> Any:
    """The fraction of a limit in use; everything, where nothing is allowed and something is there."""
    if limit is None:
        return None
    if limit > 0:
        return value / limit
    return 0 * value if value <= 0 else 0 * value + 1


def _short(value: Any) -> Any:
    return round(value, 6)
