"""Small markets and scripted strategies for the tests of the engine."""

from datetime import date
from decimal import Decimal

import numpy as np

from backtests.config import EngineConfig, EngineDeployment
from marketdata.bars import Panel
from risk.facts import InstrumentFacts
from trading.signals import Signal
from trading.strategies.base import PanelStrategy, Strategy

FIRST = date(2020, 1, 1)


def day(row: int) -> date:
    return date.fromordinal(FIRST.toordinal() + row)


def panel_of(bars_by_symbol) -> Panel:
    """A panel of {symbol: [(open, high, low, close[, volume]) or None, ...]} on consecutive days."""
    symbols = tuple(bars_by_symbol)
    rows = len(next(iter(bars_by_symbol.values())))
    fields = np.full((6, rows, len(symbols)), np.nan)
    for column, bars in enumerate(bars_by_symbol.values()):
        for row, bar in enumerate(bars):
            if bar is not None:
                fields[:, row, column] = (*bar[:4], bar[4] if len(bar) > 4 else 1e9, 1.0)
    return Panel(np.arange(FIRST, day(rows), dtype="datetime64[D]"), symbols, *fields)


def flat(price: float, rows: int):
    return [(price, price, price, price)] * rows


def scripted(levels, kind_="signal", lookback_=1):
    """A panel strategy that says these levels: {symbol: [target per row of the whole panel]}; by date, so causal."""

    class Scripted(PanelStrategy):
        name, title, kind = "scripted", "Script", kind_

        @classmethod
        def lookback(cls, parameters):
            return lookback_

        def targets(self, panel):
            rows = (panel.times - np.datetime64(FIRST)).astype(int)
            return np.array([[levels[symbol][row] for symbol in panel.symbols] for row in rows], dtype=float)

    return Scripted


def speaking(by_row):
    """An event strategy that says these signals: {row: [(symbol, action, quantity), ...]}; it records its fills."""

    class Speaking(Strategy):
        name, title = "speaking", "Speaker"
        heard = []

        def on_data(self, market_data):
            self.now = market_data.timestamp.date()

        def on_order_filled(self, order):
            type(self).heard.append((order.timestamp.date(), order.symbol, order.action, order.quantity))

        def generate_signals(self):
            return [Signal(*words) for words in by_row.get((self.now - FIRST).days, ())]

    return Speaking


class Meanwhile(PanelStrategy):
    """A strategy during which something happens."""

    name, title = "meanwhile", "Meanwhile"
    action = staticmethod(lambda: None)

    def targets(self, panel):
        type(self).action()
        return np.zeros(panel.close.shape)


def deployment(strategy, symbols=("AAA",), key="1", **terms) -> EngineDeployment:
    return EngineDeployment(key=key, strategy=strategy, symbols=tuple(symbols), **terms)


def config(*deployments, rows: int, tick="0.01", symbols=("AAA", "BBB"), **terms) -> EngineConfig:
    facts = {symbol: InstrumentFacts(symbol, tick=None if tick is None else Decimal(tick)) for symbol in symbols}
    given = {"first_on": day(0), "last_on": day(rows - 1), "capital": 100_000, "instruments": facts, **terms}
    return EngineConfig(deployments=deployments, **given)
