"""Asking a strategy at the close of a bar: targets of a panel, signals of an event strategy rebuilt. Pure.

Paper trading asks for the last row, the engine for every row of the same panel; both see rows from the anchor on.
Whatever a strategy raises or returns wrongly becomes a `StrategyFault`, so that it stops itself alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from marketdata.bars import Panel
from trading.signals import FilledOrder, MarketData, Signal
from trading.strategies.base import STRATEGY_ERRORS, PanelStrategy, Strategy
from trading.strategies.indicators import FloatArray


class StrategyFault(Exception):  # noqa: N818 - the fault is the strategy's, the site goes on
    """A strategy raised, or answered something that is no answer; the text is one sentence for people."""


def anchor_row(strategy: Strategy, first_decision_row: int) -> int:
    """The first row a strategy may see when it decides from `first_decision_row` on."""
    lookback = strategy.lookback(strategy.parameters)
    rows_before = strategy.warmup if lookback is None else lookback - 1
    return max(0, first_decision_row - rows_before)


def panel_timestamps(panel: Panel) -> list[datetime]:
    """Opening instant of each bar: its session's date, aware UTC."""
    return [datetime.fromisoformat(str(day)).replace(tzinfo=UTC) for day in panel.times.astype("datetime64[D]")]


def targets_compute(strategy: PanelStrategy, panel: Panel) -> FloatArray:
    """Targets of every row of a panel, checked.

    Parameters
    ----------
    strategy : PanelStrategy
    panel : Panel
        Rows from the strategy's anchor on.

    Returns
    -------
    ndarray, shape (n_observations, n_assets)
        NaN keeps.

    Raises
    ------
    StrategyFault
        If the strategy raises, or answers another shape, an infinite number, or a level its kind does not know.
    """
    try:
        rows = np.asarray(strategy.targets(panel), dtype=np.float64)
    except STRATEGY_ERRORS as error:
        raise StrategyFault(f"{_label(strategy)} failed: {type(error).__name__}: {error}") from error
    shape = (panel.n_observations, panel.n_assets)
    if rows.shape != shape:
        raise StrategyFault(f"{_label(strategy)} returned targets of shape {rows.shape}, expected {shape}.")
    if np.isinf(rows).any():
        raise StrategyFault(f"{_label(strategy)} returned an infinite target.")
    if strategy.kind == "signal" and not (np.isnan(rows) | np.isin(rows, (-1.0, 0.0, 1.0))).all():
        raise StrategyFault(f"{_label(strategy)} returned a target other than -1, 0, 1 or NaN.")
    return rows


def targets_evaluate(strategy: PanelStrategy, panel: Panel) -> FloatArray:
    """Targets at the close of the panel's last row.

    Parameters
    ----------
    strategy : PanelStrategy
    panel : Panel
        Rows from the strategy's anchor, or at least its lookback, up to the row decided on.

    Returns
    -------
    ndarray, shape (n_assets,)
        NaN keeps.

    Raises
    ------
    StrategyFault
        As `targets_compute`, and for a panel without rows.
    """
    if not panel.n_observations:
        raise StrategyFault(f"{_label(strategy)} has no bars to decide on.")
    lookback = strategy.lookback(strategy.parameters)
    row: FloatArray = targets_compute(strategy, panel if lookback is None else panel.window(lookback))[-1]
    return row


class EventRunner:
    """Shows an event strategy its bars in order and its own fills, and collects its signals."""

    def __init__(self, strategy: Strategy, symbols: Iterable[str]) -> None:
        self.strategy = strategy
        self.symbols = tuple(sorted(symbols))

    def step(self, bars: Sequence[MarketData], fills: Iterable[FilledOrder] = ()) -> list[Signal]:
        """One bar: the fills that happened in it, each symbol's data in order of symbol, then the signals."""
        try:
            for fill in fills:
                self.strategy.on_order_filled(fill)
            for bar in bars:
                self.strategy.on_data(bar)
            signals = list(self.strategy.generate_signals())
        except STRATEGY_ERRORS as error:
            raise StrategyFault(f"{_label(self.strategy)} failed: {type(error).__name__}: {error}") from error
        for signal in signals:
            if not isinstance(signal, Signal):
                raise StrategyFault(f"{_label(self.strategy)} returned {signal!r}, which is no Signal.")
            if signal.symbol not in self.symbols:
                raise StrategyFault(f"{_label(self.strategy)} signalled {signal.symbol}, which it was not given.")
        return signals


def bars_shown(panel: Panel, row: int, timestamp: datetime) -> list[MarketData]:
    """The bars of one row as event strategies see them, by symbol; what has no bar is left out."""
    return [MarketData(symbol, timestamp, *map(float, bar)) for symbol, bar in sorted(panel.bars(row))]


def signals_evaluate(strategy: Strategy, panel: Panel, fills: Sequence[FilledOrder] = ()) -> list[Signal]:
    """Signals of an event strategy at the close of the panel's last row.

    Parameters
    ----------
    strategy : Strategy
        Fresh: it is led through every row, so that a restart loses no state.
    panel : Panel
        Its symbols, rows from its anchor up to the row decided on.
    fills : sequence of FilledOrder
        Its own fills so far, in order; each is told before the bar it happened in.

    Returns
    -------
    list of Signal
        Those of the last row, HOLD left out.

    Raises
    ------
    StrategyFault
        If the strategy raises or returns something else than signals of its symbols.
    """
    runner = EventRunner(strategy, panel.symbols)
    by_time: Mapping[datetime, list[FilledOrder]] = _fills_by_time(fills)
    signals: list[Signal] = []
    for row, timestamp in enumerate(panel_timestamps(panel)):
        signals = runner.step(bars_shown(panel, row, timestamp), by_time.get(timestamp, ()))
    return [signal for signal in signals if signal.action != "HOLD"]


def _fills_by_time(fills: Sequence[FilledOrder]) -> dict[datetime, list[FilledOrder]]:
    grouped: dict[datetime, list[FilledOrder]] = {}
    for fill in fills:
        grouped.setdefault(fill.timestamp, []).append(fill)
    return grouped


def _label(strategy: Strategy) -> str:
    return strategy.title or strategy.name or type(strategy).__name__
