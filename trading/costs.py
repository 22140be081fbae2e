"""What trading costs: spread, slippage and commission as scalar rules. Pure.

Polymorphic over Decimal and float; `sign` is +1 for buys and -1 for sells; rates are fractions, `_bps` are basis
points. Results are unrounded prices and unrounded fees: the caller rounds to tick and to eight decimals.
"""

from dataclasses import dataclass
from typing import Any

Number = Any  # Decimal or float; one type in one call


@dataclass(frozen=True, slots=True)
class CostModel:
    """The costs an account trades under; `commission_pct` and `volume_cap` are fractions, no cap is None."""

    commission_per_share: Number = 0
    commission_pct: Number = 0
    commission_minimum: Number = 0
    half_spread_bps: Number = 0
    slippage_bps: Number = 0
    volume_cap: Number | None = None


def price_shifted(price: Number, sign: Number, bps: Number) -> Number:
    """`price` made worse for the taker by `bps`."""
    return price * (10000 + sign * bps) / 10000


def commission_total(quantity: Number, notional: Number, per_share: Number, pct: Number, minimum: Number) -> Number:
    """The commission an order owes for all it has filled: by share and by value, at least the minimum."""
    if quantity <= 0:
        return quantity * 0
    return max(per_share * quantity + pct * notional, minimum)


def commission_due(total: Number, charged: Number) -> Number:
    """What the next fill is charged: the order's commission so far less what earlier fills paid."""
    return max(total - charged, total * 0)


def costs_estimate(quantity: Number, notional: Number, model: CostModel) -> Number:
    """The commission a new order of this size would owe when filled whole."""
    return commission_total(
        quantity, notional, model.commission_per_share, model.commission_pct, model.commission_minimum
    )
