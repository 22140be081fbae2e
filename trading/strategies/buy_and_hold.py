"""Buy every symbol once and keep it. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np

from marketdata.bars import Panel
from trading.strategies.base import PanelStrategy
from trading.strategies.indicators import FloatArray


class BuyAndHold(PanelStrategy):
    """Buys each symbol at its first bar and never sells. The yardstick: what another strategy earns above this is what
    its decisions were worth. Without a stop set on the deployment it has no exit at all.
    """

    name = "buy_and_hold"
    title = "Buy and hold"

    @classmethod
    def lookback(cls, parameters: Any) -> int | None:
        """The present bar says all."""
        return 1

    def targets(self, panel: Panel) -> FloatArray:
        """Targets 1 where the symbol has a bar, NaN elsewhere."""
        return np.where(np.isnan(panel.close), np.nan, 1.0)
