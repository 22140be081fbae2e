"""The scalar rules of matching: what an equal price does, on either side and in either number type."""

from decimal import Decimal

import pytest

from trading import matching

D = Decimal
TYPES = [(D, D("1e-9")), (float, 1e-9)]


@pytest.mark.parametrize(("number", "relative"), TYPES)
class TestEqualPrices:
    """Seen red by comparing without the tolerance: 0.1 + 0.2 is not 0.3 in floats."""

    def test_an_equal_stop_triggers(self, number, relative):
        stop = number("0.3")
        reached = number("0.1") + number("0.2")
        assert matching.stop_touched(reached, number("0.1"), stop, 1, relative)
        assert matching.stop_touched(number("0.9"), reached, stop, -1, relative)
        assert matching.stop_gapped(reached, stop, 1, relative)
        assert matching.stop_gapped(reached, stop, -1, relative)

    def test_an_equal_limit_does_not_fill(self, number, relative):
        limit = number("0.1") + number("0.2")
        low = number("0.3")
        assert not matching.limit_through(number("0.9"), low, limit, 1, relative)
        assert not matching.limit_through(low, number("0.1"), limit, -1, relative)
        assert not matching.limit_open_better(low, limit, 1, relative)

    def test_within_the_tolerance_is_equal_and_beyond_it_is_not(self, number, relative):
        limit = number("100")
        assert not matching.limit_through(limit, number("99.99999995"), limit, 1, relative)
        assert matching.limit_through(limit, number("99.999999"), limit, 1, relative)
        assert matching.stop_touched(number("99.99999995"), number("90"), limit, 1, relative)
        assert not matching.stop_touched(number("99.999999"), number("90"), limit, 1, relative)


@pytest.mark.parametrize(
    ("opened", "stop", "sign", "price"),
    [
        (D(95), D(98), -1, D("94.981")),  # gapped down through a long's stop: the open
        (D(99), D(98), -1, D("97.9804")),  # reached inside the bar: the stop
        (D(105), D(102), 1, D("105.021")),  # gapped up through a short's stop
        (D(100), D(102), 1, D("102.0204")),
    ],
)
def test_a_stop_pays_the_worse_of_open_and_stop_plus_slippage(opened, stop, sign, price):
    assert matching.stop_price(opened, stop, sign, D(2)) == price


@pytest.mark.parametrize(
    ("opened", "limit", "sign", "price"),
    [(D(95), D(98), 1, D(95)), (D(99), D(98), 1, D(98)), (D(105), D(102), -1, D(105)), (D(100), D(102), -1, D(102))],
)
def test_a_limit_gets_the_better_of_open_and_limit(opened, limit, sign, price):
    assert matching.limit_price(opened, limit, sign) == price


def test_a_rounded_price_is_held_to_its_limit():
    assert matching.limit_keep(D("10.01"), D("10.005"), 1) == D("10.005")
    assert matching.limit_keep(D("10.00"), D("10.005"), -1) == D("10.005")
    assert matching.limit_keep(D("10.00"), D("10.005"), 1) == D("10.00")


def test_market_pays_half_the_spread_and_slippage():
    assert matching.market_price(D(100), 1, D(1), D(2)) == D("100.03")
    assert matching.market_price(D(100), -1, D(1), D(2)) == D("99.97")


def test_volume_room_never_falls_below_nothing():
    assert matching.volume_room(D(1000), D("0.1"), D(30)) == D(70)
    assert matching.volume_room(D(1000), D("0.1"), D(130)) == 0
