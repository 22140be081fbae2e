"""The stop and the target that protect an entry: prices before sending, quantity as it fills. Pure.

Prices come from the intent's reference price and do not move on fill. Polymorphic over Decimal and float.
"""

from typing import Any, NamedTuple

from marketdata.rounding import price_round, snap

Number = Any  # Decimal or float; one type in one call


class BracketPrices(NamedTuple):
    """Absolute prices of the two children; None where there is none."""

    stop: Number | None
    target: Number | None


def bracket_prices(
    reference: Number, sign: Number, stop_loss: Number | None, take_profit: Number | None, tick: Number | None
) -> BracketPrices:
    """Prices of the children of an entry of `sign` at `reference`; `stop_loss` and `take_profit` are fractions.

    Rounded to the tick against the taker of the child, which trades the other way. A price that would not be above
    zero is left out.
    """
    return BracketPrices(
        _child_price(reference, -sign * stop_loss, -sign, tick) if stop_loss else None,
        _child_price(reference, sign * take_profit, -sign, tick) if take_profit else None,
    )


def _child_price(reference: Number, move: Number, child_sign: Number, tick: Number | None) -> Number | None:
    price = snap(price_round(snap(reference * (1 + move)), tick, child_sign))
    return price if price > 0 else None


def bracket_fault(entry: Number, sign: Number, prices: BracketPrices) -> str:
    """Name the child on the wrong side of an entry of `sign` at `entry`, which would end it at once; "" for none."""
    if prices.stop is not None and (entry - prices.stop) * sign <= 0:
        return "stop_loss_price"
    if prices.target is not None and (prices.target - entry) * sign <= 0:
        return "take_profit_price"
    return ""


def pair_quantity(parent_filled: Number, pair_closed: Number) -> Number:
    """|quantity| either child of a bracket works for: what the parent filled less what the pair closed."""
    return max(parent_filled - pair_closed, parent_filled * 0)
