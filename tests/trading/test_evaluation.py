"""Asking strategies: checks on what they answer, and event strategies rebuilt from their bars and fills.

Seen red: leaving the fills out of the rebuild made `test_a_rebuilt_strategy_says_what_the_running_one_said` fail.
"""

import sys
from datetime import UTC, datetime

import numpy as np
import pytest

from marketdata.bars import Panel
from trading.evaluation import (
    EventRunner,
    StrategyFault,
    anchor_row,
    bars_shown,
    panel_timestamps,
    signals_evaluate,
    targets_compute,
    targets_evaluate,
)
from trading.signals import FilledOrder, Signal
from trading.strategies.base import PanelStrategy, Strategy
from trading.strategies.buy_and_hold import BuyAndHold
from trading.strategies.rsi_reversion import RsiReversion


def panel_of(*columns, symbols=("BBB", "AAA")):
    close = np.array(columns, dtype=float).T
    times = np.arange("2020-01-06", len(close), dtype="datetime64[D]")
    return Panel(times, symbols[: close.shape[1]], close, close, close, close, close * 0 + 100, close * 0 + 1)


class Answer(PanelStrategy):
    name, title = "answer", "Answer"
    answer = None

    def targets(self, panel):
        return self.answer(panel)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda panel: 1 / 0, "Answer failed: ZeroDivisionError"),
        (lambda panel: sys.exit(3), "Answer failed: SystemExit: 3"),
        (lambda panel: np.zeros((1, 1)), r"shape \(1, 1\), expected \(3, 2\)"),
        (lambda panel: np.full((3, 2), np.inf), "infinite"),
        (lambda panel: np.full((3, 2), 0.5), "other than -1, 0, 1 or NaN"),
    ],
)
def test_a_wrong_answer_is_the_strategys_fault(answer, sentence):
    strategy = Answer()
    strategy.answer = answer
    with pytest.raises(StrategyFault, match=sentence):
        targets_compute(strategy, panel_of([1, 2, 3], [1, 2, 3]))


def test_no_bars_is_a_fault():
    with pytest.raises(StrategyFault, match="no bars"):
        targets_evaluate(BuyAndHold(), panel_of([1, 2], [1, 2]).rows(0, 0))


def test_anchor_is_the_warm_up_or_the_lookback_before_the_first_decision():
    assert anchor_row(RsiReversion(), 300) == 50
    assert anchor_row(RsiReversion(), 30) == 0
    assert anchor_row(BuyAndHold(), 30) == 30


class Recorder(Strategy):
    """Buys while flat and sells what it was told it has; remembers the order of all it was shown."""

    name = "recorder"

    def __init__(self, parameters=None):
        super().__init__(parameters)
        self.seen, self.held = [], 0.0

    def on_data(self, market_data):
        self.seen.append(market_data.symbol)

    def on_order_filled(self, order):
        self.held += order.quantity if order.action == "BUY" else -order.quantity

    def generate_signals(self):
        return [Signal("AAA", "SELL", self.held) if self.held else Signal("AAA", "BUY", 2), Signal("BBB", "HOLD")]


def fill(panel, row, action, quantity):
    return FilledOrder(str(row), "AAA", action, quantity, 1.0, panel_timestamps(panel)[row])


def test_data_come_by_symbol_and_missing_bars_not_at_all():
    strategy = Recorder()
    signals_evaluate(strategy, panel_of([1, np.nan, 3], [1, 2, 3]))
    assert strategy.seen == ["AAA", "BBB", "AAA", "AAA", "BBB"]


def test_a_rebuilt_strategy_says_what_the_running_one_said():
    panel = panel_of([1, 2, 3, 4], [1, 2, 3, 4])
    fills = [fill(panel, 1, "BUY", 2), fill(panel, 3, "SELL", 2)]
    runner, stamps = EventRunner(Recorder(), panel.symbols), panel_timestamps(panel)
    for row in range(4):
        running = runner.step(bars_shown(panel, row, stamps[row]), [f for f in fills if f.timestamp == stamps[row]])
        known = [f for f in fills if f.timestamp <= stamps[row]]
        rebuilt = signals_evaluate(Recorder(), panel.until(row), known)
        assert rebuilt == [signal for signal in running if signal.action != "HOLD"]
    assert [signal.action for signal in rebuilt] == ["BUY"]


def test_a_signal_for_another_symbol_is_a_fault():
    class Stranger(Recorder):
        def generate_signals(self):
            return [Signal("ZZZ", "BUY")]

    with pytest.raises(StrategyFault, match="ZZZ"):
        signals_evaluate(Stranger(), panel_of([1, 2]))


def test_anything_else_than_a_signal_is_a_fault():
    class Talker(Recorder):
        def generate_signals(self):
            return ["BUY"]

    with pytest.raises(StrategyFault, match="no Signal"):
        signals_evaluate(Talker(), panel_of([1, 2]))


def test_timestamps_are_the_sessions_dates():
    assert panel_timestamps(panel_of([1.0]))[0] == datetime(2020, 1, 6, tzinfo=UTC)
