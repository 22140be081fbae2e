"""Breakout of the Donchian channel. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketdata.bars import Panel
from trading.strategies.base import PanelStrategy, StrategyParameters, adjusted_close, bounded
from trading.strategies.indicators import FloatArray, above, hold, rolling_max, rolling_min, shift


class Donchian(PanelStrategy):
    """Buys when the close breaks above the highest high of the bars before it, and leaves when the close falls below
    the lowest low of a shorter channel; the other way round for shorts, where both directions are traded. A breakout
    system in the manner of Richard Donchian's four-week rule: few trades, late in and late out, made for long trends.
    """

    name = "donchian"
    title = "Donchian breakout"

    @dataclass(frozen=True)
    class Parameters(StrategyParameters):
        """Bars of the two channels."""

        entry: int = bounded(20, 1, 250, "Bars of the channel whose break enters, without the present one.")
        exit: int = bounded(10, 1, 250, "Bars of the channel whose break leaves, without the present one.")

        def check(self) -> None:
            """The exit channel lies within the entry channel, else one close could ask for both sides."""
            if self.exit > self.entry:
                raise ValueError(f"exit must not be longer than entry, but {self.exit} is longer than {self.entry}.")

    def targets(self, panel: Panel) -> FloatArray:
        """Targets 1 (-1) from a break up (down) until the exit channel breaks; NaN before the entry channel is full."""
        close = adjusted_close(panel)
        high, low = panel.high * panel.adjustment, panel.low * panel.adjustment
        top = shift(rolling_max(high, self.parameters.entry))
        bottom = shift(rolling_min(low, self.parameters.entry))
        exit_top = shift(rolling_max(high, self.parameters.exit))
        exit_bottom = shift(rolling_min(low, self.parameters.exit))
        known = ~np.isnan(top) & ~np.isnan(bottom) & ~np.isnan(close)
        upper = hold(above(close, top), above(exit_bottom, close), known)
        return upper - hold(above(bottom, close), above(close, exit_top), known)
