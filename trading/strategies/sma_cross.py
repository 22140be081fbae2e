"""Crossing of two simple moving averages. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketdata.bars import Panel
from trading.strategies.base import PanelStrategy, StrategyParameters, adjusted_close, bounded
from trading.strategies.indicators import FloatArray, above, hold, sma


class SmaCross(PanelStrategy):
    """Holds a symbol while its fast simple moving average stands above its slow one, and is flat below it (short,
    where both directions are traded). Equal averages keep what was held. A trend follower: it gains in long moves and
    pays for them with many small losses while prices go sideways.
    """

    name = "sma_cross"
    title = "SMA crossover"

    @dataclass(frozen=True)
    class Parameters(StrategyParameters):
        """Bars of the two averages, the fast one shorter."""

        fast: int = bounded(10, 1, 249, "Bars of the fast moving average.")
        slow: int = bounded(30, 2, 250, "Bars of the slow moving average, more than of the fast one.")

        def check(self) -> None:
            """The fast average must be the faster one."""
            if self.fast >= self.slow:
                raise ValueError(f"fast must be smaller than slow, but {self.fast} is not smaller than {self.slow}.")

    # Keeping what was held on equality is state: no lookback, and the slow window must fit into the warm-up.
    def targets(self, panel: Panel) -> FloatArray:
        """Targets 1 above, -1 below, what was on equality; NaN before the slow window is full."""
        close = adjusted_close(panel)
        fast, slow = sma(close, self.parameters.fast), sma(close, self.parameters.slow)
        rising, falling, known = above(fast, slow), above(slow, fast), ~np.isnan(slow)
        return hold(rising, falling, known) - hold(falling, rising, known)
