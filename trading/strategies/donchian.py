"""Breakout of the Donchian channel. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketdata.bars import Panel
from trading.strategies.base import DIRECTIONS, PanelStrategy, StrategyParameters, adjusted_close, bounded, choice
from trading.strategies.indicators import FloatArray, above, hold, rolling_max, rolling_min, shift


class Donchian(PanelStrategy):
    """Buys when the close breaks above the highest high of the bars before it, and leaves when the close falls below
    the lowest low of a shorter channel; the other way round for shorts, when the direction is both. A breakout system
    in the manner of Richard Donchian's four-week rule: few trades, late in and late out, made for long trends.
    """

    name = "donchian"
    title = "Donchian breakout"

    @dataclass(frozen=True)
    class Parameters(StrategyParameters):
        """Bars of the two channels, and which sides are traded."""

        entry: int = bounded(20, 1, 250, "Bars of the channel whose break enters, without the present one.")
        exit: int = bounded(10, 1, 250, "Bars of the channel whose break leaves, without the present one.")
        direction: str = choice("long", DIRECTIONS, "Trade the long side only, or both sides.")

    def targets(self, panel: Panel) -> FloatArray:
        """Targets 1 from a break up to a break down of the exit channel; NaN before both channels are full."""
        entry, leave = self.parameters.entry, self.parameters.exit
        close = adjusted_close(panel)
        high, low = panel.high * panel.adjustment, panel.low * panel.adjustment
        known = ~np.isnan(shift(rolling_max(high, max(entry, leave)))) & ~np.isnan(close)
        known &= ~np.isnan(shift(rolling_min(low, max(entry, leave))))
        upper = hold(above(close, shift(rolling_max(high, entry))), above(shift(rolling_min(low, leave)), close), known)
        if self.parameters.direction == "long":
            return upper
        return upper - hold(
            above(shift(rolling_min(low, entry)), close), above(close, shift(rolling_max(high, leave))), known
        )
