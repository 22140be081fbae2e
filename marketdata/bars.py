"""What a bar and a panel are. Pure.

A panel is one calendar's sessions by assets: float64 arrays `(n_observations, n_assets)`, newest last, NaN where an
asset was not listed or not traded, never filled. `adjustment` grows at each ex-date and never looks ahead: the price of
row t in the money of row T is `price[t] * adjustment[t] / adjustment[T]`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FIELDS = ("open", "high", "low", "close", "volume", "adjustment")

FloatArray = NDArray[np.float64]


class Bar(NamedTuple):
    """One session of one asset: floats in simulations, Decimals on the ledger side."""

    open: Decimal | float
    high: Decimal | float
    low: Decimal | float
    close: Decimal | float
    volume: Decimal | float


@dataclass(frozen=True)
class Panel:
    """Sessions by assets; every window of it is a view on the same memory."""

    times: NDArray[np.datetime64]
    symbols: tuple[str, ...]
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    adjustment: FloatArray

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit each other: a silent broadcast would be a wrong market."""
        shape = (len(self.times), len(self.symbols))
        for name in FIELDS:
            if getattr(self, name).shape != shape:
                raise ValueError(f"Panel field {name} has shape {getattr(self, name).shape}, expected {shape}.")

    def __len__(self) -> int:
        return len(self.times)

    @property
    def n_observations(self) -> int:
        """Rows: sessions."""
        return len(self.times)

    @property
    def n_assets(self) -> int:
        """Columns: assets."""
        return len(self.symbols)

    @cached_property
    def columns(self) -> dict[str, int]:
        """Column number by symbol."""
        return {symbol: column for column, symbol in enumerate(self.symbols)}

    def column(self, symbol: str) -> int:
        """Column number of a symbol; KeyError for a symbol the panel does not hold."""
        return self.columns[symbol]

    def row(self, session_on: np.datetime64) -> int | None:
        """Row number of a session, None where the panel has no such session."""
        row = int(np.searchsorted(self.times, session_on))
        return row if row < len(self.times) and self.times[row] == session_on else None

    def rows(self, first: int, last: int) -> "Panel":
        """Rows `first` to `last` without `last`, as views."""
        return Panel(self.times[first:last], self.symbols, *(getattr(self, name)[first:last] for name in FIELDS))

    def until(self, row: int) -> "Panel":
        """Everything visible at the close of `row`: the rows up to and with it."""
        return self.rows(0, row + 1)

    def window(self, n: int) -> "Panel":
        """The newest `n` rows, fewer where there are fewer."""
        return self.rows(max(0, len(self.times) - n), len(self.times))

    def select(self, symbols: tuple[str, ...]) -> "Panel":
        """The named assets in the order named (a copy, unless they are the panel's own)."""
        if symbols == self.symbols:
            return self
        taken = [self.columns[symbol] for symbol in symbols]
        return Panel(self.times, symbols, *(getattr(self, name)[:, taken] for name in FIELDS))

    def bar(self, row: int, column: int) -> Bar | None:
        """The bar of one asset in one session, None where it was not listed."""
        values = [float(getattr(self, name)[row, column]) for name in FIELDS[:5]]
        return None if np.isnan(values[3]) else Bar(*values)

    def bars(self, row: int) -> Iterator[tuple[str, Bar]]:
        """Symbol and bar of each asset listed in one session."""
        for column, symbol in enumerate(self.symbols):
            if (bar := self.bar(row, column)) is not None:
                yield symbol, bar

    def adjusted(self, values: FloatArray) -> FloatArray:
        """`values` (prices of this panel) in the money of each asset's last listed row; NaN stays NaN."""
        listed = ~np.isnan(self.adjustment)
        last = np.where(listed.any(axis=0), len(self.times) - 1 - np.argmax(listed[::-1], axis=0), 0)
        return values * self.adjustment / self.adjustment[last, np.arange(self.n_assets)]


def panel_empty(times: NDArray[np.datetime64], symbols: tuple[str, ...]) -> Panel:
    """A panel of these sessions and assets in which nothing is listed yet (writable, NaN)."""
    shape = (len(times), len(symbols))
    return Panel(times, symbols, *(np.full(shape, np.nan) for _ in FIELDS))
