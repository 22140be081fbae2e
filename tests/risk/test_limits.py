"""The scalar rules: references worked by hand, in both number types."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import limits

BOTH = pytest.mark.parametrize("n", [Decimal, float])


@BOTH
def test_within_takes_what_is_a_billionth_away_as_equal(n):
    relative = n("1e-9")
    assert limits.within(n("100.0000001"), n("100"), relative)
    assert not limits.within(n("100.0000002"), n("100"), relative)
    assert limits.within(n("0"), n("0"), relative)
    assert not limits.within(n("0.00000001"), n("0"), relative)


@BOTH
def test_only_the_opposite_side_reduces_and_other_exits_come_first(n):
    assert limits.reducible_part(n("-5"), n("8"), n("3")) == n("5")
    assert limits.reducible_part(n("5"), n("-8"), n("0")) == n("8")
    assert limits.reducible_part(n("5"), n("8"), n("0")) == 0
    assert limits.reducible_part(n("-5"), n("8"), n("9")) == 0
    assert limits.reducible_part(n("-5"), n("0"), n("0")) == 0


@BOTH
def test_the_collar_bounds_aggression_only(n):
    bound = limits.collar_price(n("100"), n("0.03"), n("1"))
    assert limits.collar_passes(n("103"), bound, n("1"), n("1e-9"))
    assert limits.collar_passes(n("1"), bound, n("1"), n("1e-9"))
    assert not limits.collar_passes(n("103.01"), bound, n("1"), n("1e-9"))
    bound = limits.collar_price(n("100"), n("0.03"), n("-1"))
    assert limits.collar_passes(n("97"), bound, n("-1"), n("1e-9"))
    assert not limits.collar_passes(n("96.99"), bound, n("-1"), n("1e-9"))


@BOTH
def test_reserve_is_notional_and_the_larger_fee(n):
    terms = (n("100"), n("1"), n("0.001"), n("0.005"), n("1"))
    assert limits.reserve_amount(n("10"), *terms) == pytest.approx(n("1001.05"))
    assert limits.reserve_amount(n("1"), *terms) == pytest.approx(n("101"))
    assert limits.reserve_amount(n("0"), *terms) == 0


@BOTH
def test_daily_return_takes_flows_out(n):
    assert limits.daily_return(n("105000"), n("10000"), n("100000")) == pytest.approx(n("-0.05"))
    assert limits.daily_loss_within(n("105000"), n("10000"), n("100000"), n("0.05"), n("1e-9"))
    assert not limits.daily_loss_within(n("104999"), n("10000"), n("100000"), n("0.05"), n("1e-9"))


@BOTH
def test_a_cash_account_is_never_levered(n):
    assert limits.leverage_allowed(n("20"), True) == 1
    assert limits.leverage_allowed(n("0.5"), True) == n("0.5")
    assert limits.leverage_allowed(n("20"), False) == n("20")


MONEY = st.decimals(min_value="0.01", max_value="1000000", places=2)


@given(power=MONEY, price=MONEY, minimum=st.decimals(0, 10, places=2), rate=st.decimals(0, "0.01", places=4))
def test_reserve_room_is_the_largest_that_fits(power, price, minimum, rate):
    """Red with ``by_rate`` alone: at a minimum fee of 1 it granted a quantity whose reserve was one too high."""
    terms = (price, Decimal(1), rate, Decimal("0.005"), minimum)
    exact = Decimal(0)
    room = limits.reserve_room(power, *terms, exact)
    assert room >= 0
    if room > 0:
        slack = Decimal("1e-15") * power
        assert limits.reserve_amount(room, *terms) <= power + slack
        assert limits.reserve_amount(room * Decimal("1.000001"), *terms) > power
