"""Commission is per order and cumulative; spread and slippage go against the taker."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.costs import CostModel, commission_due, commission_total, costs_estimate, price_shifted

D = Decimal


def test_lean_reference_fee_of_697_shares():
    """Interactive Brokers' tiers as LEAN models them: 0.005 a share, at least 1, not rounded to the cent."""
    assert commission_total(D(697), D(0), D("0.005"), D(0), D(1)) == D("3.485")
    assert commission_total(D(10), D(0), D("0.005"), D(0), D(1)) == D(1)


def test_nothing_filled_owes_nothing_even_with_a_minimum():
    assert commission_total(D(0), D(0), D("0.005"), D(0), D(1)) == 0


def test_the_minimum_is_paid_once_per_order_not_per_fill():
    """Seen red by charging each fill for itself."""
    charged = D(0)
    fees = []
    for filled in (D(50), D(150), D(400)):
        fee = commission_due(commission_total(filled, D(0), D("0.005"), D(0), D(1)), charged)
        charged += fee
        fees.append(fee)
    assert fees == [D(1), D(0), D(1)]


@pytest.mark.parametrize(("sign", "price"), [(1, D("100.03")), (-1, D("99.97"))])
def test_basis_points_go_against_the_taker(sign, price):
    assert price_shifted(D(100), sign, D(3)) == price


def test_the_estimate_is_the_commission_of_the_whole_order():
    model = CostModel(commission_per_share=D("0.01"), commission_pct=D("0.001"), commission_minimum=D(1))
    assert costs_estimate(D(100), D(5000), model) == D(6)


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=8), st.integers(0, 100), st.integers(0, 500))
def test_fills_pay_together_what_the_order_owes(parts, per_share, minimum):
    rate, least = D(per_share) / 1000, D(minimum) / 100
    charged, filled = D(0), D(0)
    for part in parts:
        filled += part
        fee = commission_due(commission_total(filled, filled * 7, rate, D(0), least), charged)
        assert fee >= 0
        charged += fee
    assert charged == commission_total(filled, filled * 7, rate, D(0), least)
