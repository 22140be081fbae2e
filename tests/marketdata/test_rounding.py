"""Rounding: values worked out by hand, and the law that the Decimal and the float form agree to eight decimals."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketdata.rounding import (
    TOLERANCE_DECIMAL,
    TOLERANCE_FLOAT,
    decimal_from_float,
    on_grid,
    price_round,
    quantity_floor,
    snap,
)

D = Decimal
TICKS = st.sampled_from([D("0.0001"), D("0.001"), D("0.01"), D("0.05"), D("0.25"), D("1")])
STEPS = st.sampled_from([D("0.0001"), D("0.001"), D("0.01"), D("1"), D("10"), D("100")])
PRICES = st.decimals("0.01", "20000", places=8, allow_nan=False, allow_infinity=False)
QUANTITIES = st.decimals("-1000000", "1000000", places=6, allow_nan=False, allow_infinity=False)
SIDES = st.sampled_from([1, -1])


@pytest.mark.parametrize(
    ("price", "tick", "sign", "expected"),
    [
        ("10.0101", "0.01", 1, "10.02"),
        ("10.0199", "0.01", -1, "10.01"),
        ("10.02", "0.01", 1, "10.02"),
        ("10.02", "0.01", -1, "10.02"),
        ("10.02000000001", "0.01", 1, "10.02"),  # within 1e-6 of a tick is the tick
        ("10.01999999999", "0.01", -1, "10.02"),
        ("10.012", "0", 1, "10.012"),
    ],
)
def test_price_goes_against_the_taker(price, tick, sign, expected):
    assert price_round(D(price), D(tick), sign) == D(expected)
    assert price_round(float(price), float(tick), sign) == float(expected)


def test_no_tick_rounds_nothing():
    assert price_round(D("1.123456789"), None, 1) == D("1.123456789")
    assert price_round(1.123456789, None, 1) == 1.123456789


@pytest.mark.parametrize(
    ("quantity", "step", "expected"),
    [("10.9", "1", "10"), ("-10.9", "1", "-10"), ("0.3", "0.1", "0.3"), ("0.99", "1", "0"), ("250", "100", "200")],
)
def test_quantity_is_cut_towards_zero(quantity, step, expected):
    assert quantity_floor(D(quantity), D(step)) == D(expected)
    assert quantity_floor(float(quantity), float(step)) == float(expected)


def test_quantity_without_a_step_keeps_eight_decimals():
    assert quantity_floor(D("1.123456789"), None) == D("1.12345678")
    assert quantity_floor(1.123456789, None) == 1.12345678


def test_snap_is_half_even():
    assert snap(D("0.000000005")) == D("0")
    assert snap(D("0.000000015")) == D("0.00000002")
    assert snap(5e-9) == 0.0
    assert snap(1.5e-8) == 2e-8


def test_a_lake_float_becomes_the_decimal_it_was_written_as():
    assert decimal_from_float(0.1) == D("0.1")
    assert decimal_from_float(27.430000000000003) == D("27.43")


def test_tolerances_are_the_same_number_twice():
    assert [float(value) for value in TOLERANCE_DECIMAL] == list(TOLERANCE_FLOAT)


@st.composite
def priced(draw):
    """A price and a tick; every other price lies on a tick or a hair (within 1e-7 of one) beside it."""
    tick = draw(TICKS)
    hair = draw(st.sampled_from([D("0"), D("1e-7"), D("-1e-7")])) * tick
    return draw(st.one_of(PRICES, st.integers(1, 200_000).map(lambda ticks: ticks * tick + hair))), tick


# Seen red with `> _GRID_FLOAT` made `> 0` in the float form: 0.07 / 0.01 is 7.000000000000001, so 0.07 became 0.08.
@settings(deadline=None)
@given(case=priced(), sign=SIDES)
def test_twins_agree_on_prices(case, sign):
    price, tick = case
    assert float(price_round(price, tick, sign)) == price_round(float(price), float(tick), sign)


@st.composite
def sized(draw):
    """A quantity and a step; every other quantity is a whole number of steps."""
    step = draw(STEPS)
    return draw(st.one_of(QUANTITIES, st.integers(-100_000, 100_000).map(lambda steps: steps * step))), step


# Seen red with the tolerance taken out of the float form: 0.3 / 0.1 is 2.9999999999999996, so 0.3 became 0.2.
@settings(deadline=None)
@given(case=sized())
def test_twins_agree_on_quantities(case):
    quantity, step = case
    assert float(quantity_floor(quantity, step)) == quantity_floor(float(quantity), float(step))


@settings(deadline=None)
@given(case=sized())
def test_twins_agree_on_the_grid(case):
    quantity, step = case
    assert on_grid(quantity, step) == on_grid(float(quantity), float(step))


# Seen red with `round(value * 1e8) / 1e8` as the float form: 0.000000015 * 1e8 is 1.4999999999999998, not the half.
@settings(deadline=None)
@given(
    value=st.one_of(
        st.decimals("-100000", "100000", places=10, allow_nan=False, allow_infinity=False),
        st.integers(-(10**9), 10**9).map(lambda count: count * D("1e-8") + D("5e-9")),
    )
)
def test_twins_agree_on_snap(value):
    assert float(snap(value)) == snap(float(value))


@settings(deadline=None)
@given(case=priced(), sign=SIDES)
def test_a_rounded_price_is_on_the_grid_and_within_a_tick(case, sign):
    price, tick = case
    rounded = price_round(price, tick, sign)
    assert on_grid(rounded, tick)
    assert abs(rounded - price) < tick
    assert (rounded - price) * sign >= -tick * D("1e-6")


@settings(deadline=None)
@given(case=sized())
def test_a_floored_quantity_never_grows(case):
    quantity, step = case
    floored = quantity_floor(quantity, step)
    assert abs(floored) <= abs(quantity) + step * D("1e-6")
    assert on_grid(floored, step)
    assert quantity_floor(floored, step) == floored
