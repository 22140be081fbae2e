"""Which way each limit tightens, and what a change of limits loosens. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LOWER_IS_TIGHTER = (
    "max_position_usd",
    "max_position_pct",
    "max_user_symbol_pct",
    "max_order_pct",
    "max_leverage",
    "max_positions",
    "max_daily_loss_pct",
    "max_open_orders",
    "orders_per_second",
    "orders_per_minute",
    "collar_pct",
)
HIGHER_IS_TIGHTER = ("reserve_collar_pct", "initial_margin_pct")
LIMITS = LOWER_IS_TIGHTER + HIGHER_IS_TIGHTER


def loosened(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names whose new value allows more than the old one; an unset limit is the tightest of all."""
    found = [name for name in LIMITS if name in after and _looser(name, before.get(name), after[name])]
    if "allowed_symbols" in after and _wider(before.get("allowed_symbols"), after["allowed_symbols"]):
        found.append("allowed_symbols")
    return found


def _looser(name: str, old: Any, new: Any) -> bool:
    if new is None or new == old:
        return False
    if old is None:
        return True
    return bool(new > old if name in LOWER_IS_TIGHTER else new < old)


def _wider(old: Any, new: Any) -> bool:
    """Whether a list of symbols allows one more; no list allows all."""
    if old is None:
        return False
    return new is None or not set(new) <= set(old)
