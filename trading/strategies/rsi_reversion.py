"""Mean reversion by a short relative strength index. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketdata.bars import Panel
from trading.strategies.base import PanelStrategy, StrategyParameters, adjusted_close, bounded
from trading.strategies.indicators import FloatArray, above, hold, rsi


class RsiReversion(PanelStrategy):
    """Buys a symbol that has fallen hard within days, when its short relative strength index is below the entry level,
    and sells once the index has recovered above the exit level. A mean reversion in the manner of Larry Connors'
    RSI(2): many short trades that mostly win a little and now and then lose much.
    """

    name = "rsi_reversion"
    title = "RSI reversion"

    @dataclass(frozen=True)
    class Parameters(StrategyParameters):
        """Period of the index and the two levels."""

        period: int = bounded(2, 2, 100, "Bars of Wilder's relative strength index.")
        entry: float = bounded(10.0, 0.0, 100.0, "Buy when the index is below this level.")
        exit: float = bounded(60.0, 0.0, 100.0, "Sell when the index is above this level.")

        def check(self) -> None:
            """Entry must lie below exit."""
            if self.entry >= self.exit:
                raise ValueError(f"entry must be below exit, but {self.entry:g} is not below {self.exit:g}.")

    def targets(self, panel: Panel) -> FloatArray:
        """Targets 1 from below the entry level until above the exit level; NaN before the index is known."""
        index = rsi(adjusted_close(panel), self.parameters.period)
        enter = above(np.full_like(index, self.parameters.entry), index)
        return hold(enter, above(index, self.parameters.exit), ~np.isnan(index))
