"""Prices and quantities of a bracket."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.brackets import bracket_prices, pair_quantity

D = Decimal


def test_a_long_is_stopped_below_and_taken_above():
    assert bracket_prices(D(100), 1, D("0.02"), D("0.05"), D("0.01")) == (D(98), D(105))


def test_a_short_is_stopped_above_and_taken_below():
    assert bracket_prices(D(100), -1, D("0.02"), D("0.05"), D("0.01")) == (D(102), D(95))


def test_prices_round_against_the_taker_of_the_child():
    assert bracket_prices(D("33.33"), 1, D("0.02"), D("0.05"), D("0.01")) == (D("32.66"), D("34.99"))
    assert bracket_prices(D("33.33"), -1, D("0.02"), D("0.05"), D("0.01")) == (D("34.00"), D("31.67"))


@pytest.mark.parametrize("none", [None, D(0)])
def test_a_leg_that_is_not_asked_for_has_no_price(none):
    assert bracket_prices(D(100), 1, none, D("0.05"), None) == (None, D(105))
    assert bracket_prices(D(100), 1, D("0.02"), none, None) == (D(98), None)


def test_a_price_that_would_not_be_positive_is_left_out():
    assert bracket_prices(D(100), 1, D(1), None, D("0.01")).stop is None
    assert bracket_prices(D(100), -1, None, D("1.5"), D("0.01")).target is None


@given(st.integers(100, 10_000_000), st.sampled_from([1, -1]), st.integers(1, 500), st.integers(1, 500))
def test_decimal_and_float_agree(cents, sign, stop, target):
    exact = bracket_prices(D(cents) / 100, sign, D(stop) / 1000, D(target) / 1000, D("0.01"))
    fast = bracket_prices(cents / 100, sign, stop / 1000, target / 1000, 0.01)
    assert [float(price) for price in exact] == list(fast)


def test_the_pair_works_for_what_its_parent_filled_and_it_has_not_closed():
    assert pair_quantity(D(100), D(30)) == D(70)
    assert pair_quantity(D(100), D(130)) == 0
