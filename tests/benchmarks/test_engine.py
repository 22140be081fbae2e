"""The reference engine: bars a second, with a panel strategy and with an event strategy in plain Python."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from backtests import engine
from backtests.config import EngineConfig, EngineDeployment
from marketdata.bars import panel_empty
from trading.signals import Signal
from trading.strategies.base import Strategy
from trading.strategies.sma_cross import SmaCross

pytestmark = pytest.mark.bench
SYMBOLS, SESSIONS = 20, 1500


class Momentum(Strategy):
    """Event by event in plain Python: long while the close stands above that of ten bars ago."""

    name = "momentum"

    def __init__(self, parameters=None):
        super().__init__(parameters)
        self.closes, self.held = {}, set()

    def on_data(self, market_data):
        self.closes.setdefault(market_data.symbol, []).append(market_data.close)

    def generate_signals(self):
        signals = []
        for symbol, closes in self.closes.items():
            above = len(closes) > 10 and closes[-1] > closes[-11]
            if above != (symbol in self.held):
                signals.append(Signal(symbol, "BUY" if above else "SELL"))
                self.held ^= {symbol}
        return signals


def market():
    random = np.random.default_rng(5)
    days = np.arange(np.datetime64("2005-01-03"), np.datetime64("2012-01-01"))
    days = days[np.is_busday(days)][:SESSIONS]
    panel = panel_empty(days, tuple(f"S{place:02d}" for place in range(SYMBOLS)))
    close = 50 * np.exp(np.cumsum(random.normal(0.0003, 0.015, (SESSIONS, SYMBOLS)), axis=0))
    opens = close * np.exp(random.normal(0, 0.004, close.shape))
    panel.open[:], panel.close[:] = opens.round(2), close.round(2)
    panel.high[:] = np.maximum(panel.open, panel.close) + 0.05
    panel.low[:] = np.minimum(panel.open, panel.close) - 0.05
    panel.volume[:], panel.adjustment[:] = 1e6, 1.0
    return panel


@pytest.mark.parametrize("number", [float, Decimal])
@pytest.mark.parametrize("strategy", [SmaCross, Momentum])
def test_engine(strategy, number, told):
    panel = market()
    days = panel.times.astype("datetime64[D]").tolist()
    terms = EngineDeployment(key="1", strategy=strategy, symbols=panel.symbols)
    config = EngineConfig(
        first_on=days[0], last_on=days[-1] if days else date.min, capital=1_000_000, deployments=(terms,), number=number
    )
    started = time.perf_counter()
    result = engine.run(config, panel)
    took = time.perf_counter() - started
    assert result is not None
    told(
        f"engine, {strategy.name}, {SYMBOLS} symbols x {SESSIONS} sessions, {number.__name__}",
        f"{SYMBOLS * SESSIONS / took:,.0f} bars/s, {len(result.fills)} fills", ">= 250,000 bars/s",
    )  # fmt: skip
