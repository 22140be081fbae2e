"""The words of an order, and how text becomes one of them."""

from decimal import Decimal

import pytest

from trading.terms import Direction, OnLimit, OrderType, Side, TimeInForce, side_of, side_sign, term_parse


@pytest.mark.parametrize(
    ("kind", "text", "term"),
    [
        (OrderType, "STOP_LOSS", OrderType.STOP),
        (OrderType, "stop_loss", OrderType.STOP),
        (OrderType, " limit ", OrderType.LIMIT),
        (TimeInForce, "gtc", TimeInForce.GTC),
        (OnLimit, "CUT", OnLimit.CUT),
        (Direction, "both", Direction.BOTH),
    ],
)
def test_text_becomes_a_term(kind, text, term):
    assert term_parse(kind, text) is term


def test_an_unknown_word_is_refused_with_the_words_that_are_known():
    with pytest.raises(ValueError, match="'ICEBERG' is none of MARKET, LIMIT, STOP, STOP_LIMIT"):
        term_parse(OrderType, "ICEBERG")


@pytest.mark.parametrize("quantity", [Decimal("0.00000001"), 3.0, 1])
def test_a_positive_quantity_buys(quantity):
    assert side_of(quantity) is Side.BUY
    assert side_of(-quantity) is Side.SELL
    assert side_sign(side_of(-quantity)) == -1
    assert side_sign(side_of(quantity)) == 1
