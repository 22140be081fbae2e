"""Strategies that tests install by dotted path, as an operator would: simple, wrong on purpose, event by event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from django.db import connection

from trading.signals import Signal
from trading.strategies.base import PanelStrategy, Strategy, StrategyParameters, bounded

OURS = [f"{__name__}.{name}" for name in ("Raising", "AlwaysShort", "Weight", "Crossing", "Watching")]


class Raising(PanelStrategy):
    """Raises at every bar."""

    name = "raising"

    def targets(self, panel):
        raise RuntimeError("the model has no weights")


class AlwaysShort(PanelStrategy):
    """Short from the first bar on."""

    name = "always_short"
    direction = "both"

    @classmethod
    def lookback(cls, parameters):
        return 1

    def targets(self, panel):
        return np.where(np.isnan(panel.close), np.nan, -1.0)


class Weight(PanelStrategy):
    """One constant weight in every symbol; a huge one cannot be written down."""

    name = "weight"
    kind = "weights"

    @dataclass(frozen=True)
    class Parameters(StrategyParameters):
        weight: float = bounded(0.1, 0.0, 1e15, "Fraction of the capital.")

    @classmethod
    def lookback(cls, parameters):
        return 1

    def targets(self, panel):
        return np.where(np.isnan(panel.close), np.nan, self.parameters.weight)


class Crossing(Strategy):
    """Event by event, with state: buys above the mean of all closes since its anchor, sells what it holds below."""

    name = "crossing"
    warmup = 20

    def __init__(self, parameters=None):
        super().__init__(parameters)
        self.closes, self.held = {}, {}

    def on_data(self, market_data):
        self.closes.setdefault(market_data.symbol, []).append(market_data.close)

    def on_order_filled(self, order):
        signed = order.quantity if order.action == "BUY" else -order.quantity
        self.held[order.symbol] = self.held.get(order.symbol, 0) + signed

    def generate_signals(self):
        signals = []
        for symbol, closes in self.closes.items():
            held, above = self.held.get(symbol, 0), closes[-1] > sum(closes) / len(closes)
            if above and not held:
                signals.append(Signal(symbol, "BUY"))
            elif held and not above:
                signals.append(Signal(symbol, "SELL", held))
        return signals


class Watching(PanelStrategy):
    """Notes whether it is asked within a transaction."""

    name = "watching"
    within: ClassVar[list[bool]] = []

    def targets(self, panel):
        self.within.append(connection.in_atomic_block)
        return np.ones(panel.close.shape)
