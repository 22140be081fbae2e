"""Rounding to tick, step and eight decimals, once per number type. Pure.

Each rule exists twice: `_decimal` for the ledger side, `_float` for simulations and compiled kernels; the plain name
chooses by the type of its first argument. The two agree to eight decimals, and a property test says so. A quotient by
tick or step within `Tolerance.grid` of a whole number *is* that number. Arguments must be finite.
"""

import math
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import NamedTuple, overload


class Tolerance(NamedTuple):
    """How near is equal: `relative` for limits and triggers, `grid` for quotients by tick or step."""

    relative: Decimal | float
    grid: Decimal | float


TOLERANCE_DECIMAL = Tolerance(relative=Decimal("1e-9"), grid=Decimal("1e-6"))
TOLERANCE_FLOAT = Tolerance(relative=1e-9, grid=1e-6)

EIGHT_DECIMALS = Decimal("0.00000001")
_GRID_DECIMAL = Decimal("1e-6")
_GRID_FLOAT = 1e-6
_SCALE_FLOAT = 1e8
# Above this a double no longer tells neighbouring eighth decimals apart: x * 1e8 passes 2**53.
_FLOAT_EXACT_BELOW = 9e7
# Two units in the last place: what one multiplication and one division may have cost.
_FLOAT_NOISE = 4.5e-16


# --- eight decimals ---------------------------------------------------------------------------------------------------


def snap_decimal(value: Decimal) -> Decimal:
    """Eight decimals, half-even."""
    return value.quantize(EIGHT_DECIMALS, rounding=ROUND_HALF_EVEN)


def snap_float(value: float) -> float:
    """The double nearest to the eight-decimal value, half-even; what lies within float noise of a half is a half."""
    if abs(value) >= _FLOAT_EXACT_BELOW:
        return value
    scaled = value * _SCALE_FLOAT
    whole = float(math.floor(scaled))
    excess = scaled - whole - 0.5
    if abs(excess) <= max(_GRID_FLOAT, _FLOAT_NOISE * abs(scaled)):
        half = whole / 2.0
        whole = whole if float(math.floor(half)) == half else whole + 1.0
    elif excess > 0.0:
        whole = whole + 1.0
    return whole / _SCALE_FLOAT


@overload
def snap(value: Decimal) -> Decimal: ...
@overload
def snap(value: float) -> float: ...
def snap(value: Decimal | float) -> Decimal | float:
    """Eight decimals, half-even, in the number type given."""
    return snap_decimal(value) if isinstance(value, Decimal) else snap_float(value)


# --- whole multiples --------------------------------------------------------------------------------------------------


def on_grid_decimal(value: Decimal, step: Decimal) -> bool:
    """Whether `value` is a whole multiple of `step`."""
    quotient = value / step
    return abs(quotient - quotient.to_integral_value(rounding=ROUND_HALF_EVEN)) <= _GRID_DECIMAL


def on_grid_float(value: float, step: float) -> bool:
    """Whether `value` is a whole multiple of `step`."""
    quotient = value / step
    return abs(quotient - float(math.floor(quotient + 0.5))) <= _GRID_FLOAT


def on_grid(value: Decimal | float, step: Decimal | float | None) -> bool:
    """Whether `value` is a whole multiple of `step`; everything is on no grid (None or 0)."""
    if not step:
        return True
    if isinstance(value, Decimal):
        return on_grid_decimal(value, step)  # type: ignore[arg-type]  # one number type a call, by convention
    return on_grid_float(value, step)  # type: ignore[arg-type]  # as above


# --- prices -----------------------------------------------------------------------------------------------------------


def price_round_decimal(price: Decimal, tick: Decimal, sign: Decimal | int) -> Decimal:
    """To the tick against the taker: a buyer (`sign` > 0) pays up, a seller (`sign` < 0) receives less."""
    if tick <= 0:
        return price
    quotient = price / tick
    ticks = quotient.to_integral_value(rounding=ROUND_HALF_EVEN)
    if abs(quotient - ticks) > _GRID_DECIMAL:
        ticks = quotient.to_integral_value(rounding=ROUND_CEILING if sign > 0 else ROUND_FLOOR)
    return snap_decimal(ticks * tick)


def price_round_float(price: float, tick: float, sign: float) -> float:
    """To the tick against the taker: a buyer (`sign` > 0) pays up, a seller (`sign` < 0) receives less."""
    if tick <= 0.0:
        return price
    quotient = price / tick
    ticks = float(math.floor(quotient + 0.5))
    if abs(quotient - ticks) > _GRID_FLOAT:
        ticks = float(math.ceil(quotient)) if sign > 0 else float(math.floor(quotient))
    return snap_float(ticks * tick)


@overload
def price_round(price: Decimal, tick: Decimal | None, sign: Decimal | int) -> Decimal: ...
@overload
def price_round(price: float, tick: float | None, sign: float) -> float: ...
def price_round(price: Decimal | float, tick: Decimal | float | None, sign: Decimal | float) -> Decimal | float:
    """`price` to the tick against the taker (`sign` of the quantity: buys up, sells down); no tick changes nothing."""
    if not tick:
        return price
    if isinstance(price, Decimal):
        return price_round_decimal(price, tick, sign)  # type: ignore[arg-type]  # one number type a call
    return price_round_float(price, tick, sign)  # type: ignore[arg-type]  # as above


# --- quantities -------------------------------------------------------------------------------------------------------


def quantity_floor_decimal(quantity: Decimal, step: Decimal) -> Decimal:
    """The largest whole number of steps not beyond `quantity`, towards zero on either side."""
    quotient = quantity / step
    steps = quotient.to_integral_value(rounding=ROUND_HALF_EVEN)
    if abs(quotient - steps) > _GRID_DECIMAL:
        steps = quotient.to_integral_value(rounding=ROUND_DOWN)
    return snap_decimal(steps * step)


def quantity_floor_float(quantity: float, step: float) -> float:
    """The largest whole number of steps not beyond `quantity`, towards zero on either side."""
    quotient = abs(quantity) / step
    steps = float(math.floor(quotient + 0.5))
    if abs(quotient - steps) > _GRID_FLOAT:
        steps = float(math.floor(quotient))
    magnitude = snap_float(steps * step)
    return magnitude if quantity >= 0.0 else -magnitude


@overload
def quantity_floor(quantity: Decimal, step: Decimal | None) -> Decimal: ...
@overload
def quantity_floor(quantity: float, step: float | None) -> float: ...
def quantity_floor(quantity: Decimal | float, step: Decimal | float | None) -> Decimal | float:
    """`quantity` cut towards zero to the step; without a step, to eight decimals."""
    if isinstance(quantity, Decimal):
        return quantity_floor_decimal(quantity, step or EIGHT_DECIMALS)  # type: ignore[arg-type]  # one number type
    return quantity_floor_float(quantity, step or 1.0 / _SCALE_FLOAT)  # type: ignore[arg-type]  # as above


# --- the border -------------------------------------------------------------------------------------------------------


def decimal_from_float(value: float) -> Decimal:
    """A lake float as the Decimal it was written as, to eight decimals: by its shortest text, not its binary value."""
    return snap_decimal(Decimal(repr(float(value))))
