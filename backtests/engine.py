"""The reference engine: one account through a span of bars, event by event, by the rules that paper and live use. Pure.

A bar is: OPEN match and book; CLOSE match, book, expire; evaluate every deployment on rows up to this one; then one act
step, reductions before openings. What it sends waits for the next OPEN. Valuations are two a bar, after the fills.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from backtests.account import EngineFill, SimAccount
from backtests.config import EngineConfig
from backtests.deployed import Deployed, deployed, row_from
from marketdata.bars import Panel
from marketdata.rounding import snap
from trading.brackets import bracket_prices
from trading.evaluation import StrategyFault
from trading.intents import DecisionOutcome, Intent, decide, order_intents
from trading.picture import AccountPicture
from trading.strategies.indicators import FloatArray
from trading.terms import OrderRole, OrderType, Phase, TimeInForce

Number = Any  # Decimal or float; one type in one run
Progress = Callable[[float], bool]

REPORTS = 200  # how often a run says how far it is

# Rules that ask about wall time, other accounts or people: a simulation has none of these.
RULES_NOT_SIMULATED = ("USER_SYMBOL (other accounts)", "RATE_SECOND", "RATE_MINUTE", "DUPLICATE")


@dataclass(frozen=True, slots=True)
class EngineDecision:
    """What became of one intent at the close of a session."""

    session_on: date
    sleeve: str
    symbol: str
    role: str
    order_type: str
    wanted: Number
    quantity: Number
    limit_price: Number | None
    stop_price: Number | None
    reference_price: Number | None
    verdict: str
    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class EngineValuation:
    """The account after the fills of an event; `flow` is what was paid in at the session's start."""

    session_on: date
    phase: str
    cash: Number
    equity: Number
    flow: Number


@dataclass(frozen=True, slots=True)
class EngineFault:
    """A deployment that was set aside, from which session on, and why."""

    session_on: date
    sleeve: str
    text: str


@dataclass(slots=True)
class EngineResult:
    """All that happened, in order. `levels` are effective targets per deployment, from its start row on."""

    fills: list[EngineFill] = field(default_factory=list)
    decisions: list[EngineDecision] = field(default_factory=list)
    valuations: list[EngineValuation] = field(default_factory=list)
    faults: list[EngineFault] = field(default_factory=list)
    levels: dict[str, FloatArray] = field(default_factory=dict)
    sleeves: dict[tuple[str, str], Number] = field(default_factory=dict)
    cost: dict[tuple[str, str], Number] = field(default_factory=dict)
    capital: Number = 0
    cash: Number = 0
    latches: dict[str, dict[str, int]] = field(default_factory=dict)


FillRow = tuple[date, str, str, str, str, Number, Number, Number]


def fill_rows(result: EngineResult) -> list[FillRow]:
    """Fills as (session, phase, symbol, sleeve, role, quantity, price, fee), to compare with another path's."""
    return [(f.session_on, f.phase, f.symbol, f.sleeve, f.role, f.quantity, f.price, f.fee) for f in result.fills]


def equity_rows(result: EngineResult) -> list[tuple[date, str, Number]]:
    """Equity after each event as (session, phase, equity)."""
    return [(v.session_on, v.phase, v.equity) for v in result.valuations]


def days_of(panel: Panel) -> list[date]:
    """The panel's sessions as dates."""
    days: list[date] = panel.times.astype("datetime64[D]").tolist()
    return days


def has_bars(panel: Panel, first_on: date, last_on: date) -> bool:
    """Whether any symbol of the panel has a bar from one day to another, both with it."""
    last = row_from(panel, last_on + timedelta(days=1))
    return bool(np.isfinite(panel.close[row_from(panel, first_on) : last]).any())


def run(config: EngineConfig, panel: Panel, progress: Progress | None = None) -> EngineResult | None:
    """Run a simulation.

    Parameters
    ----------
    config : EngineConfig
    panel : Panel
        Bars of every symbol deployed, from before the warm-up of each deployment. Rows after `last_on` are not used.
    progress : callable, optional
        Told the fraction done now and then; a false answer stops the run.

    Returns
    -------
    EngineResult or None
        None when it was stopped.

    Raises
    ------
    ValueError
        For a span without sessions or a symbol without bars in the panel.
    """
    return _Run(config, panel).play(progress or (lambda fraction: True))


class _Run:
    """One simulation under way."""

    def __init__(self, config: EngineConfig, panel: Panel) -> None:
        first = row_from(panel, config.first_on)
        last = row_from(panel, config.last_on + timedelta(days=1)) - 1
        if last < first:
            raise ValueError(f"There are no sessions from {config.first_on} to {config.last_on}.")
        wanted = {symbol for terms in config.deployments for symbol in terms.symbols}
        if missing := sorted(wanted - set(panel.symbols)):
            raise ValueError(f"There are no bars of {', '.join(missing)}.")
        self.has_next = last + 1 < panel.n_observations
        self.first, self.last, self.config = first, last, config
        self.panel = panel.rows(0, last + 1)
        self.days = days_of(self.panel)
        self.account = SimAccount(config, self.panel)
        self.account.on_fill = self._filled
        self.result = EngineResult(fills=self.account.fills, capital=self.account.cash)
        self.deployed: dict[str, Deployed] = {}
        for terms in sorted(config.deployments, key=lambda terms: (terms.priority, terms.order, terms.key)):
            self._deploy(terms)

    def _deploy(self, terms: Any) -> None:
        try:
            self.deployed[terms.key] = deployed(terms, self.panel, self.config)
        except StrategyFault as fault:
            self.result.faults.append(EngineFault(self.days[self.first], terms.key, str(fault)))

    def play(self, progress: Progress) -> EngineResult | None:
        """Every session of the span."""
        every = max(1, (self.last - self.first) // REPORTS)
        flows: dict[date, Number] = {}
        for flow in self.config.cash_events:
            flows[flow.session_on] = flows.get(flow.session_on, self.account.zero) + self.account.number(flow.amount)
        for row in range(self.first, self.last + 1):
            if (row - self.first) % every == 0 and not progress((row - self.first) / (self.last - self.first + 1)):
                return None
            self._session(row, self.days[row], flows.get(self.days[row], self.account.zero))
        return self._finished()

    def _session(self, row: int, day: date, flow: Number) -> None:
        account = self.account
        account.day_flows = flow
        account.cash = snap(account.cash + flow)
        account.event(row, day, Phase.OPEN)
        self._value(row, day, Phase.OPEN)
        account.event(row, day, Phase.CLOSE)
        closed = self._value(row, day, Phase.CLOSE)
        self._act(row, day)
        account.day_start_equity = closed

    def _value(self, row: int, day: date, phase: Phase) -> Number:
        equity = self.account.equity(row, phase)
        self.result.valuations.append(
            EngineValuation(day, phase.value, self.account.cash, equity, self.account.day_flows)
        )
        if self.config.ladder:
            self.account.ladder_see(day, equity)
        return equity

    def _filled(self, fill: EngineFill) -> None:
        if fill.sleeve in self.deployed:
            self.deployed[fill.sleeve].filled(fill)

    # One act step

    def _act(self, row: int, day: date) -> None:
        """All evaluations, then their intents: reductions, then openings."""
        intents: list[Intent] = []
        for key, one in list(self.deployed.items()):
            if row < one.start_row:
                continue
            try:
                intents += one.intents(row, lambda symbols: self._picture(row, symbols))
            except StrategyFault as fault:
                self.result.faults.append(EngineFault(day, key, str(fault)))
                del self.deployed[key]
        if not intents:
            return
        picture = self._picture(row, tuple({intent.symbol for intent in intents}))
        for intent in order_intents(intents):
            self._decide(day, intent, picture)

    def _picture(self, row: int, symbols: tuple[str, ...]) -> AccountPicture:
        return self.account.picture(row, symbols, session_open=row < self.last or self.has_next)

    def _decide(self, day: date, intent: Intent, picture: AccountPicture) -> None:
        one = self.deployed[intent.sleeve]
        outcome = decide(picture, intent, one.terms.on_limit)
        reference = picture.reference(intent.symbol)
        self.result.decisions.append(
            EngineDecision(
                day, intent.sleeve, intent.symbol, intent.role.value, intent.order_type.value, outcome.wanted,
                outcome.quantity, intent.limit_price, intent.stop_price, reference, outcome.verdict.value,
                outcome.rule, outcome.text,
            )
        )  # fmt: skip
        (one.again.add if outcome.ask_again else one.again.discard)(intent.symbol)
        if outcome.order_result is not None:
            self.account.orders_drop(intent.symbol, outcome.cancels_first)
            picture.orders_drop(outcome.cancels_first)
            self._send(one, intent, outcome, picture)

    def _send(self, one: Deployed, intent: Intent, outcome: DecisionOutcome, picture: AccountPicture) -> None:
        """The order of an allowed intent, and the bracket of an entry."""
        assert outcome.order_result is not None
        parent = self.account.order_add(
            symbol=intent.symbol,
            sleeve=intent.sleeve,
            role=intent.role,
            quantity=outcome.quantity,
            order_type=intent.order_type,
            limit_price=intent.limit_price,
            stop_price=intent.stop_price,
            time_in_force=intent.time_in_force,
            reducing=intent.reduce_only,
            protective=intent.protective,
            opening=outcome.order_result.opening,
            reserve=outcome.order_result.reserve,
        )
        picture.order_add(parent.working())
        if intent.role != OrderRole.ENTRY:
            return
        sign = 1 if outcome.quantity > 0 else -1
        prices = bracket_prices(
            picture.reference(intent.symbol), sign, one.stop_loss, one.take_profit,
            self.account.instruments[intent.symbol].tick,
        )  # fmt: skip
        for role, order_type, price in (
            (OrderRole.STOP, OrderType.STOP, prices.stop),
            (OrderRole.TARGET, OrderType.LIMIT, prices.target),
        ):
            if price is not None:
                child = self.account.order_add(
                    symbol=intent.symbol,
                    sleeve=intent.sleeve,
                    role=role,
                    quantity=-outcome.quantity,
                    order_type=order_type,
                    stop_price=price if order_type == OrderType.STOP else None,
                    limit_price=price if order_type == OrderType.LIMIT else None,
                    time_in_force=TimeInForce.GTC,
                    reducing=True,
                    protective=True,
                    parent=parent.key,
                    held=True,
                )
                picture.order_add(child.working())

    def _finished(self) -> EngineResult:
        result, account = self.result, self.account
        result.sleeves, result.cost, result.cash = account.sleeves, account.cost, account.cash
        for key, one in self.deployed.items():
            if (levels := one.levels()) is not None:
                result.levels[key] = levels
            result.latches[key] = dict(getattr(one, "latched", {}))
        return result
