"""What a strategy is: event by event, or a whole panel at once; its parameters; the manager of the seeds. Pure.

A strategy says either how far back it looks (`lookback`, in bars) or, when it carries state from bar to bar, how many
sessions before its first decision it starts to listen (`warmup`). Rows before that are not shown to it, anywhere.
"""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

import numpy as np

from marketdata.bars import Panel, panel_empty
from trading.signals import FilledOrder, MarketData, Signal
from trading.strategies.indicators import FloatArray

DEFAULT_WARMUP = 250

# What stops a strategy alone, whatever its code raises: a worker that met its SystemExit would end with it.
STRATEGY_ERRORS = (Exception, SystemExit)

Value = TypeVar("Value", int, float)


def bounded(default: Value, minimum: Value, maximum: Value, text: str) -> Value:
    """Declare a numeric parameter with its bounds (both allowed) and its help text."""
    metadata = {"type": type(default), "min": minimum, "max": maximum, "help": text}
    field: Value = dataclasses.field(default=default, metadata=metadata)
    return field


@dataclass(frozen=True)
class StrategyParameters:
    """Base of every strategy's frozen, bounded parameters; an impossible one is refused with one sentence."""

    def __post_init__(self) -> None:
        """Check each field against its bounds, then what must hold between them."""
        for field in dataclasses.fields(self):
            value_check(field, getattr(self, field.name))
        self.check()

    def check(self) -> None:
        """Raise ValueError for values that do not go together; nothing by default."""


def value_check(field: dataclasses.Field[Any], value: Any) -> None:
    """Raise ValueError when a value is not of its field's type or lies outside its bounds."""
    kind = field.metadata["type"]
    low, high = field.metadata["min"], field.metadata["max"]
    noun = "a whole number" if kind is int else "a number"
    wrong_type = isinstance(value, bool) or not isinstance(value, int if kind is int else (int, float))
    if wrong_type or not math.isfinite(value) or not low <= value <= high:
        raise ValueError(f"{field.name} must be {noun} from {low} to {high}, not {value}.")


class Strategy(ABC):
    """A trading logic fed bar by bar: `on_data` once per symbol and bar, by symbol, then `generate_signals` once.

    It is built anew whenever it is asked, and then shown its bars and its own fills from its anchor on, so it keeps
    all state in itself and reads no clock, file or network.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    direction: ClassVar[str] = "long"
    Parameters: ClassVar[type[StrategyParameters]] = StrategyParameters
    warmup: ClassVar[int] = DEFAULT_WARMUP

    def __init__(self, parameters: StrategyParameters | None = None) -> None:
        self.parameters: Any = self.Parameters() if parameters is None else parameters

    @classmethod
    def lookback(cls, parameters: Any) -> int | None:
        """Bars the newest decision depends on, None when state is carried from bar to bar."""
        return None

    @abstractmethod
    def on_data(self, market_data: MarketData) -> None:
        """Take in one bar of one symbol."""

    @abstractmethod
    def generate_signals(self) -> list[Signal]:
        """Return the wishes at the close of the bars taken in last."""

    def on_order_filled(self, order: FilledOrder) -> None:  # noqa: B027 - optional, as the seeds have it
        """Learn of a fill of one of its own orders, before the bar it happened in is shown."""


class PanelStrategy(Strategy):
    """A strategy over arrays: the targets of a whole panel at once, row t from rows up to t only.

    `kind` signal means targets -1, 0 or +1, sized by the deployment; weights means signed fractions of its capital.
    NaN keeps what was. A target is a level: it is acted on when it changes. A strategy may always ask for short
    targets; `direction` is what it is meant for, and a deployment that trades long only takes them as flat.
    """

    kind: ClassVar[str] = "signal"

    def __init__(self, parameters: StrategyParameters | None = None) -> None:
        super().__init__(parameters)
        self._bars: dict[datetime, dict[str, MarketData]] = {}

    @abstractmethod
    def targets(self, panel: Panel) -> FloatArray:
        """Return targets of shape (n_observations, n_assets) in which row t depends on rows up to t only."""

    def on_data(self, market_data: MarketData) -> None:
        """Keep the bar, so that the strategy can also be run event by event."""
        self._bars.setdefault(market_data.timestamp, {})[market_data.symbol] = market_data

    def generate_signals(self) -> list[Signal]:
        """Return the changes of the newest target row as market signals of the position size."""
        if self.kind != "signal":
            raise TypeError(f"{self.name or type(self).__name__} gives weights, which have no form as signals.")
        panel = panel_from_bars(self._bars)
        rows = self.targets(panel)
        floor = 0.0 if self.direction == "long" else -1.0
        before, after = np.maximum(_level(rows[:-1]), floor), np.maximum(_level(rows), floor)
        changed = zip(panel.symbols, before, after, strict=True)
        return [Signal(symbol, "BUY" if now > was else "SELL") for symbol, was, now in changed if now != was]


def _level(rows: FloatArray) -> FloatArray:
    """The level each asset stands at after these rows: its last target that is a number, else 0."""
    level = np.zeros(rows.shape[1])
    for row in rows:
        level = np.where(np.isnan(row), level, row)
    return level


def panel_from_bars(bars: Mapping[datetime, Mapping[str, MarketData]]) -> Panel:
    """The panel of bars taken in one by one, unadjusted: sessions by symbols in order."""
    times = sorted(bars)
    symbols = tuple(sorted({symbol for session in bars.values() for symbol in session}))
    stamps = np.array([time.astimezone(UTC).replace(tzinfo=None) for time in times], dtype="datetime64[D]")
    panel = panel_empty(stamps, symbols)
    for row, time in enumerate(times):
        for symbol, bar in bars[time].items():
            column = panel.column(symbol)
            for name in ("open", "high", "low", "close", "volume"):
                getattr(panel, name)[row, column] = getattr(bar, name)
            panel.adjustment[row, column] = 1.0
    return panel


def adjusted_close(panel: Panel) -> FloatArray:
    """Closes in total-return money, each row by actions up to its own date: close times adjustment."""
    return panel.close * panel.adjustment


class StrategyManager:
    """Runs several strategies on each bar; a strategy that raises is set aside with its error, the others go on."""

    def __init__(self) -> None:
        self.strategies: list[Strategy] = []
        self.errors: dict[Strategy, BaseException] = {}
        self._signals: list[Signal] = []

    def register_strategy(self, strategy: Strategy) -> None:
        """Add a strategy to the end of the line."""
        self.strategies.append(strategy)

    def run_strategies(self, market_data: MarketData | Iterable[MarketData]) -> None:
        """Show one bar, of one symbol or of several, to every strategy that has not failed."""
        given = [market_data] if isinstance(market_data, MarketData) else market_data
        bars = sorted(given, key=lambda bar: bar.symbol)
        self._signals = []
        for strategy in self.strategies:
            if strategy in self.errors:
                continue
            try:
                for bar in bars:
                    strategy.on_data(bar)
                self._signals += strategy.generate_signals()
            except STRATEGY_ERRORS as error:
                self.errors[strategy] = error

    def get_signals(self) -> list[Signal]:
        """Return the signals of the last bar, in the order of registration."""
        return list(self._signals)
