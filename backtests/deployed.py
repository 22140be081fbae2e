"""One deployment in a simulation: its strategy's answers row by row, its levels and its latches. Pure.

A panel strategy is asked once for the whole span; rows in which nothing changes then cost nothing. An event strategy
is led through every row, from its anchor on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from backtests.account import PROTECTIVE_ROLES, EngineFill, number_of
from backtests.config import EngineConfig, EngineDeployment
from marketdata.bars import Panel
from marketdata.rounding import decimal_from_float
from trading.evaluation import EventRunner, anchor_row, bars_shown, panel_timestamps, targets_compute
from trading.intents import Asker, Intent, intent_from_signal, intents_from_changes, targets_step
from trading.picture import AccountPicture
from trading.signals import FilledOrder, Signal
from trading.strategies.base import PanelStrategy, Strategy
from trading.strategies.indicators import BoolArray, FloatArray
from trading.strategies.registry import parameters_parse
from trading.terms import Direction, TargetKind, side_of

Number = Any  # Decimal or float; one type in one run
PictureMaker = Callable[[tuple[str, ...]], AccountPicture]


class Deployed:
    """What every deployment has: its terms in the run's numbers, and the rows it is awake in."""

    def __init__(self, terms: EngineDeployment, strategy: Strategy, panel: Panel, config: EngineConfig) -> None:
        convert = number_of(config.number)
        self.terms, self.strategy = terms, strategy
        self.start_row = row_from(panel, max(config.first_on, terms.start_on or config.first_on))
        anchored = anchor_row(strategy, self.start_row)
        self.anchor = anchored if terms.anchor_on is None else row_from(panel, terms.anchor_on)
        self.asker = Asker(
            sleeve=terms.key,
            name=terms.name or strategy.title or strategy.name,
            deployment_id=terms.order,
            priority=terms.priority,
            kind=TargetKind(strategy.kind) if isinstance(strategy, PanelStrategy) else TargetKind.SIGNAL,
            position_size=convert(terms.position_size),
            capital=None if terms.capital is None else convert(terms.capital),
        )
        self.stop_loss = None if terms.stop_loss is None else convert(terms.stop_loss)
        self.take_profit = None if terms.take_profit is None else convert(terms.take_profit)
        self.again: set[str] = set()
        self.fault = ""

    def filled(self, fill: EngineFill) -> None:
        """Learn of a fill of this sleeve."""

    def intents(self, row: int, picture: PictureMaker) -> list[Intent]:
        """What it wants at the close of a row; asks for the picture only when it wants something."""
        raise NotImplementedError

    def levels(self) -> FloatArray | None:
        """Effective targets of every row from the start row on, None for an event strategy."""
        return None


class PanelDeployed(Deployed):
    """A panel strategy at work: levels, changes and latches."""

    def __init__(self, terms: EngineDeployment, strategy: PanelStrategy, panel: Panel, config: EngineConfig) -> None:
        super().__init__(terms, strategy, panel, config)
        self.symbols = terms.symbols
        self.decimal = config.number is Decimal
        own = panel.select(self.symbols).rows(self.anchor, panel.n_observations)
        targets = targets_compute(strategy, own)[self.start_row - self.anchor :]
        self.filled_levels = levels_fill(targets, terms.direction)
        self.changed: BoolArray = np.ones(self.filled_levels.shape, dtype=bool)
        self.changed[1:] = np.not_equal(self.filled_levels[1:], self.filled_levels[:-1])
        awake: Any = self.changed.any(axis=1)
        self.awake: list[bool] = awake.tolist()
        self.band = None if terms.rebalance_band is None else number_of(config.number)(terms.rebalance_band)
        self.places = {symbol: place for place, symbol in enumerate(self.symbols)}
        self.row: dict[str, Number] | None = None
        self.latched: dict[str, int] = {}

    def filled(self, fill: EngineFill) -> None:
        """A protective exit latches its symbol flat, with the sign of the position it closed."""
        if fill.role in PROTECTIVE_ROLES:
            self.latched[fill.symbol] = 1 if fill.quantity < 0 else -1

    def intents(self, row: int, picture: PictureMaker) -> list[Intent]:
        """Intents of the symbols whose level changed, that are asked again, or that left their band."""
        here = row - self.start_row
        if not (self.awake[here] or self.latched or self.again or self.band is not None):
            return []
        looked = self._looked_at(here)
        current = {symbol: self._level(here, symbol) for symbol in looked}
        weights = None if self.band is None else self._weights(picture(looked))
        step = targets_step(
            self.row, current, self.latched, self.terms.direction, weights=weights, rebalance_band=self.band
        )
        self.row = {**(self.row or {}), **step.row}
        self.latched = step.latched
        if not step.changes and not self.again:
            return []
        return intents_from_changes(step, self.asker, picture(looked), again=tuple(self.again))

    def _looked_at(self, here: int) -> tuple[str, ...]:
        """Symbols that could matter in this row: all of them at first and with a band, else those that moved."""
        if self.row is None or self.band is not None:
            return self.symbols
        moved = {self.symbols[place] for place in np.flatnonzero(self.changed[here])}
        return tuple(sorted(moved | self.again | self.latched.keys()))

    def _level(self, here: int, symbol: str) -> Number:
        level = self.filled_levels.item(here, self.places[symbol])
        return decimal_from_float(level) if self.decimal else level

    def _weights(self, picture: AccountPicture) -> Mapping[str, Number]:
        capital = self.asker.capital if self.asker.capital is not None else picture.equity()
        if not capital > 0:
            return {}
        key = self.asker.sleeve
        return {s: picture.sleeve_quantity(s, key) * picture.unit_value(s) / capital for s in self.symbols}

    def levels(self) -> FloatArray:
        """Levels after NaN has kept and direction has clipped, latches apart."""
        return self.filled_levels


class EventDeployed(Deployed):
    """An event strategy at work: shown each row with the fills that happened in it."""

    def __init__(self, terms: EngineDeployment, strategy: Strategy, panel: Panel, config: EngineConfig) -> None:
        super().__init__(terms, strategy, panel, config)
        self.panel = panel.select(terms.symbols)
        self.stamps = panel_timestamps(panel)
        self.stamp_of = {stamp.date(): stamp for stamp in self.stamps}
        self.runner = EventRunner(strategy, terms.symbols)
        self.convert = number_of(config.number)
        self.told: list[FilledOrder] = []
        for row in range(self.anchor, self.start_row):
            self.runner.step(bars_shown(self.panel, row, self.stamps[row]))

    def filled(self, fill: EngineFill) -> None:
        """Keep the fill for the next step."""
        self.told.append(
            FilledOrder(
                order_id=str(fill.order),
                symbol=fill.symbol,
                action=side_of(fill.quantity).value,
                quantity=float(abs(fill.quantity)),
                price=float(fill.price),
                timestamp=self.stamp_of[fill.session_on],
                order_type=fill.order_type,
                role=fill.role,
            )
        )

    def intents(self, row: int, picture: PictureMaker) -> list[Intent]:
        """One intent of each BUY or SELL."""
        told, self.told = self.told, []
        signals = self.runner.step(bars_shown(self.panel, row, self.stamps[row]), told)
        wanted = [self._converted(signal) for signal in signals if signal.action != "HOLD"]
        if not wanted:
            return []
        seen = picture(tuple(sorted({signal.symbol for signal in wanted})))
        found = (intent_from_signal(signal, self.asker, seen) for signal in wanted)
        return [intent for intent in found if intent is not None]

    def _converted(self, signal: Signal) -> Signal:
        """The signal in the run's number type."""
        names = ("quantity", "limit_price", "stop_price")
        given = {name: getattr(signal, name) for name in names}
        values = {name: None if value is None else self.convert(value) for name, value in given.items()}
        return Signal(signal.symbol, signal.action, order_type=signal.order_type, timestamp=signal.timestamp, **values)


def deployed(terms: EngineDeployment, panel: Panel, config: EngineConfig) -> Deployed:
    """The deployment ready to run; StrategyFault or ValueError when its strategy cannot."""
    strategy = terms.strategy(parameters_parse(terms.strategy, terms.parameters))
    if isinstance(strategy, PanelStrategy):
        return PanelDeployed(terms, strategy, panel, config)
    return EventDeployed(terms, strategy, panel, config)


def levels_fill(targets: FloatArray, direction: Direction) -> FloatArray:
    """Levels row by row: NaN keeps the row before, nothing before the first is 0, long only clips at 0."""
    known = ~np.isnan(targets)
    places = np.where(known, np.arange(len(targets))[:, None], -1)
    np.maximum.accumulate(places, axis=0, out=places)
    columns = np.arange(targets.shape[1])
    levels = np.where(places >= 0, targets[np.maximum(places, 0), columns], 0.0)
    return np.maximum(levels, 0.0) if direction == Direction.LONG else levels


def row_from(panel: Panel, day: date) -> int:
    """The first row on or after a day; the panel's length when there is none."""
    return int(np.searchsorted(panel.times, np.datetime64(day, "D")))
