"""Whether and where an order fills on a bar, one scalar rule per row of the matching table. Pure.

Polymorphic over Decimal and float; `sign` is +1 for buys and -1 for sells; `relative` is the tolerance within which two
prices are equal. Prices come out unrounded: rounding to the tick against the taker is the caller's, except that
`limit_keep` holds a rounded price to its limit.
"""

from typing import Any

from trading.costs import price_shifted

Number = Any  # Decimal or float; one type in one call


def price_beyond(price: Number, level: Number, sign: Number, relative: Number) -> bool:
    """Whether `price` lies past `level` in the direction of `sign`, by more than the tolerance."""
    return sign * (price - level) > relative * max(abs(price), abs(level))


def price_at_or_beyond(price: Number, level: Number, sign: Number, relative: Number) -> bool:
    """Whether `price` has reached `level` in the direction of `sign`; equal is reached."""
    return not price_beyond(level, price, sign, relative)


def bar_extreme(high: Number, low: Number, sign: Number) -> Number:
    """The bar's furthest price in the direction of `sign`."""
    if sign > 0:
        return high
    return low


def market_price(opened: Number, sign: Number, half_spread_bps: Number, slippage_bps: Number) -> Number:
    """Market: the open, worse by half the spread and slippage."""
    return price_shifted(opened, sign, half_spread_bps + slippage_bps)


def stop_gapped(opened: Number, stop: Number, sign: Number, relative: Number) -> bool:
    """Whether the open has already reached the stop; an equal price triggers."""
    return price_at_or_beyond(opened, stop, sign, relative)


def stop_touched(high: Number, low: Number, stop: Number, sign: Number, relative: Number) -> bool:
    """Whether the bar reached the stop; an equal price triggers."""
    return price_at_or_beyond(bar_extreme(high, low, sign), stop, sign, relative)


def stop_base(opened: Number, stop: Number, sign: Number) -> Number:
    """The price at which a triggered stop meets the market: the open if gapped beyond, else the stop."""
    if sign > 0:
        return max(opened, stop)
    return min(opened, stop)


def stop_price(opened: Number, stop: Number, sign: Number, slippage_bps: Number) -> Number:
    """Stop: the open if gapped beyond, else the stop price, plus slippage."""
    return price_shifted(stop_base(opened, stop, sign), sign, slippage_bps)


def limit_open_better(opened: Number, limit: Number, sign: Number, relative: Number) -> bool:
    """Whether the open is better than the limit; an equal price is not."""
    return price_beyond(opened, limit, -sign, relative)


def limit_through(high: Number, low: Number, limit: Number, sign: Number, relative: Number) -> bool:
    """Whether the bar traded through the limit; an equal price does not fill."""
    return price_beyond(bar_extreme(high, low, -sign), limit, -sign, relative)


def limit_price(opened: Number, limit: Number, sign: Number) -> Number:
    """Limit: its own price, the open if better."""
    if sign > 0:
        return min(opened, limit)
    return max(opened, limit)


def limit_keep(price: Number, limit: Number, sign: Number) -> Number:
    """`price`, never worse than `limit`."""
    if sign > 0:
        return min(price, limit)
    return max(price, limit)


def volume_room(volume: Number, cap: Number, used: Number) -> Number:
    """What the bar's volume still gives under the cap, before rounding to the step."""
    return max(volume * cap - used, volume * 0)
