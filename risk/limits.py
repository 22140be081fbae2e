"""The rules of the gate as plain functions of scalars, one definition for accounts and simulations. Pure.

Integer literals, + - * /, comparisons, abs, min and max only: Decimals and floats go through the same lines, and a
compiler may take them as they stand. Quantities called ``opening`` and ``reducing`` are magnitudes. ``relative`` is the
relative tolerance: a value that near to its limit equals it, and an equalled limit passes.
"""

from decimal import Decimal
from typing import TypeVar

Number = TypeVar("Number", Decimal, float)


def within(value: Number, limit: Number, relative: Number) -> bool:
    """Whether `value` is at most `limit`."""
    return value - limit <= relative * abs(limit)


def reducible_part(quantity: Number, sleeve_quantity: Number, exits_working: Number) -> Number:
    """|quantity| by which an order of this sign may lower the sleeve, less the sleeve's other working exits."""
    if quantity * sleeve_quantity < 0:
        return max(abs(sleeve_quantity) - exits_working, 0 * exits_working)
    return 0 * sleeve_quantity


def notional(quantity: Number, price: Number, multiplier: Number) -> Number:
    """|quantity| at a price."""
    return abs(quantity) * price * multiplier


def collar_price(anchor: Number, collar: Number, quantity: Number) -> Number:
    """The furthest limit price an order may carry: above the anchor for a buy, below it for a sell."""
    if quantity > 0:
        return anchor * (1 + collar)
    return anchor * (1 - collar)


def collar_headroom(limit_price: Number, bound: Number, quantity: Number) -> Number:
    """How far the limit price is on the safe side of `bound`; negative beyond it."""
    if quantity > 0:
        return bound - limit_price
    return limit_price - bound


def collar_passes(limit_price: Number, bound: Number, quantity: Number, relative: Number) -> bool:
    """Whether the limit price is not more aggressive than `bound`."""
    return collar_headroom(limit_price, bound, quantity) >= -relative * abs(bound)


def crosses(resting_price: Number, reference: Number, quantity: Number, relative: Number) -> bool:
    """Whether a resting limit on the other side stands at or through the reference for an order of this sign."""
    if quantity > 0:
        return within(resting_price, reference, relative)
    return within(reference, resting_price, relative)


def daily_return(equity: Number, flows: Number, day_start_equity: Number) -> Number:
    """The day's gain or loss as a fraction of equity at the previous session's close, flows taken out."""
    return (equity - flows) / day_start_equity - 1


def daily_loss_within(
    equity: Number, flows: Number, day_start_equity: Number, max_loss: Number, relative: Number
) -> bool:
    """Whether the day's loss is at most `max_loss`; `day_start_equity` must be positive."""
    return within(day_start_equity - equity + flows, max_loss * day_start_equity, relative)


def leverage_allowed(max_leverage: Number, is_cash: bool) -> Number:
    """The leverage an account may use: a cash account never more than 1."""
    if is_cash and max_leverage > 1:
        return 0 * max_leverage + 1
    return max_leverage


def reserve_price(reference: Number, reserve_collar: Number) -> Number:
    """The price at which an order without a limit price reserves."""
    return reference * (1 + reserve_collar)


def fee_estimate(
    quantity: Number, price: Number, multiplier: Number, fee_rate: Number, fee_per_unit: Number, fee_minimum: Number
) -> Number:
    """What the order is expected to cost in commission; nothing for no quantity."""
    if quantity == 0:
        return 0 * price
    return max(fee_minimum, fee_rate * quantity * price * multiplier + fee_per_unit * quantity)


def reserve_amount(
    opening: Number, price: Number, multiplier: Number, fee_rate: Number, fee_per_unit: Number, fee_minimum: Number
) -> Number:
    """The money an opening holds until it is filled or cancelled: its notional and its fee."""
    return opening * price * multiplier + fee_estimate(opening, price, multiplier, fee_rate, fee_per_unit, fee_minimum)


def buying_power(equity: Number, max_leverage: Number, gross_notional: Number, reserved: Number) -> Number:
    """What may still be opened: equity at full leverage less positions and reserves."""
    return equity * max_leverage - gross_notional - reserved


def room(limit: Number, current: Number, per_unit: Number, relative: Number) -> Number:
    """The largest quantity with ``current + quantity * per_unit`` at most `limit`; never below zero."""
    return max((limit + relative * abs(limit) - current) / per_unit, 0 * limit)


def reserve_room(
    power: Number,
    price: Number,
    multiplier: Number,
    fee_rate: Number,
    fee_per_unit: Number,
    fee_minimum: Number,
    relative: Number,
) -> Number:
    """The largest quantity whose `reserve_amount` is at most the buying power `power`.

    The fee is the larger of its minimum and its rate, so the quantity has to satisfy both.
    """
    per_unit = price * multiplier
    by_rate = room(power, 0 * power, per_unit * (1 + fee_rate) + fee_per_unit, relative)
    by_minimum = room(power, fee_minimum, per_unit, relative)
    return min(by_rate, by_minimum)
