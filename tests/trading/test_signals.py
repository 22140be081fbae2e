"""What a signal may say."""

import dataclasses

import pytest

from trading.signals import Signal


def test_the_seeds_stop_loss_is_a_stop():
    signal = Signal("AAA", "sell", 5, "STOP_LOSS", stop_price=9.5)
    assert (signal.action, signal.order_type) == ("SELL", "STOP")


def test_a_signal_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Signal("AAA", "BUY").quantity = 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("", "BUY"), "needs a symbol"),
        (("AAA", "KEEP"), "action is BUY, SELL or HOLD"),
        (("AAA", "BUY", 0), "quantity must be a positive finite number"),
        (("AAA", "BUY", float("nan")), "quantity must be a positive finite number"),
        (("AAA", "BUY", float("inf")), "quantity must be a positive finite number"),
        (("AAA", "BUY", 1, "TWAP"), "order type is one of"),
        (("AAA", "BUY", 1, "LIMIT"), "needs a limit price"),
        (("AAA", "BUY", 1, "STOP"), "needs a stop price"),
        (("AAA", "BUY", 1, "STOP_LIMIT", 5.0), "needs a stop price"),
        (("AAA", "BUY", 1, "LIMIT", -5.0), "limit_price must be a positive"),
    ],
)
def test_a_signal_that_means_nothing_is_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        Signal(*arguments)
