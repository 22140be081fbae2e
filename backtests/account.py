"""The account of a simulation: cash, sleeves, orders and what an event of the market does to them. Pure.

One number type throughout. Orders live in dictionaries by key; prices are read from the panel where they are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from backtests.config import EngineConfig
from marketdata.bars import Bar, Panel
from marketdata.rounding import TOLERANCE_DECIMAL, TOLERANCE_FLOAT, decimal_from_float, snap
from portfolio.accounting import cash_move, fill_apply
from risk.facts import InstrumentFacts, Limits
from risk.ladder import LadderState, ladder_step
from trading import book
from trading.costs import CostModel
from trading.picture import AccountPicture, Mark, WorkingOrder
from trading.terms import OrderRole, OrderType, Phase, TimeInForce

Number = Any  # Decimal or float; one type in one run

COUNTS = ("max_positions", "max_open_orders", "orders_per_second", "orders_per_minute")
PROTECTIVE_ROLES = (OrderRole.STOP, OrderRole.TARGET)


@dataclass(frozen=True, slots=True)
class EngineFill:
    """One fill: signed quantity; `realised` is before its fee, `closes` says whether any of it closed."""

    session_on: date
    phase: str
    symbol: str
    sleeve: str
    role: str
    quantity: Number
    price: Number
    fee: Number
    realised: Number
    closes: bool
    order: int
    order_type: str
    both_inside: bool = False

    @property
    def executed_at(self) -> date:
        """The session, for the fold of round trips."""
        return self.session_on


@dataclass(slots=True)
class SimOrder:
    """An order in the book, or a bracket child held for its parent; `quantity` is the signed remainder."""

    key: int
    symbol: str
    sleeve: str
    role: OrderRole
    quantity: Number
    order_type: OrderType
    limit_price: Number | None = None
    stop_price: Number | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    reducing: bool = False
    protective: bool = False
    parent: int | None = None
    held: bool = False
    triggered: bool = False
    filled_quantity: Number = 0
    filled_notional: Number = 0
    fees: Number = 0
    found_at_open: bool = True
    born: str = ""
    opening: Number = 0
    reserve: Number = 0

    def in_book(self) -> book.BookOrder:
        """The order as the book's rules see it."""
        return book.BookOrder(
            self.key, self.sleeve, self.role, self.quantity, self.order_type, self.key, self.limit_price,
            self.stop_price, self.time_in_force, self.reducing, self.protective, self.parent, self.held,
            self.triggered, self.filled_quantity, self.filled_notional, self.fees, self.found_at_open, self.born,
        )  # fmt: skip

    def working(self) -> WorkingOrder:
        """The order as the gate is told of it."""
        return WorkingOrder(
            self.key, self.symbol, self.sleeve, self.quantity, self.opening, self.reserve, self.order_type, self.role,
            self.limit_price, self.stop_price, self.protective, self.parent, self.held, self.triggered,
        )  # fmt: skip


def number_of(kind: type) -> Callable[[Any], Number]:
    """How any number becomes one of the run's type: floats enter Decimal by their shortest text."""
    if kind is Decimal:
        return lambda value: value if isinstance(value, Decimal) else Decimal(repr(value))
    return float


class SimAccount:
    """Cash, sleeves with their cost, and working orders, moved by the market's events."""

    def __init__(self, config: EngineConfig, panel: Panel) -> None:
        self.number = number_of(config.number)
        self.price = decimal_from_float if config.number is Decimal else float
        self.tolerance = TOLERANCE_DECIMAL if config.number is Decimal else TOLERANCE_FLOAT
        self.zero = self.number(0)
        self.panel, self.columns = panel, panel.columns
        self.kind, self.currency, self.environment = config.kind, config.currency, config.environment
        self.costs = _converted(config.costs, self.number)
        self.limits = _converted(config.limits, self.number, skip=(*COUNTS, "allowed_symbols"))
        self.instruments = {symbol: self._instrument(config, symbol) for symbol in panel.symbols}
        self.cash: Number = self.number(config.capital)
        self.sleeves: dict[tuple[str, str], Number] = {}
        self.cost: dict[tuple[str, str], Number] = {}
        self.orders: dict[str, dict[int, SimOrder]] = {}
        self.stale: dict[str, tuple[int, Mark | None]] = {}
        self.volume_used: dict[str, Number] = {}
        self.fills: list[EngineFill] = []
        self.last_key = 0
        self.day_start_equity: Number | None = None
        self.day_flows: Number = self.zero
        self.ladder = LadderState()
        self.on_fill: Callable[[EngineFill], None] = lambda fill: None

    def _instrument(self, config: EngineConfig, symbol: str) -> InstrumentFacts:
        facts = config.instruments.get(symbol) or InstrumentFacts(symbol=symbol, currency=config.currency)
        convert = self.number
        return replace(
            facts,
            tick=None if facts.tick is None else convert(facts.tick),
            step=convert(facts.step),
            minimum_quantity=convert(facts.minimum_quantity),
            multiplier=convert(facts.multiplier),
        )

    # Prices

    def bar(self, row: int, symbol: str) -> Bar | None:
        """The symbol's bar in the run's number type, None where it has none."""
        panel, column, price = self.panel, self.columns[symbol], self.price
        close = panel.close.item(row, column)
        if close != close:
            return None
        return Bar(
            price(panel.open.item(row, column)),
            price(panel.high.item(row, column)),
            price(panel.low.item(row, column)),
            price(close),
            price(panel.volume.item(row, column)),
        )

    def mark(self, row: int, symbol: str, phase: Phase = Phase.CLOSE) -> Mark | None:
        """The last valid price at an event; fresh when it is of this session. None before the first bar."""
        column = self.columns[symbol]
        values = self.panel.open if phase == Phase.OPEN else self.panel.close
        found = values.item(row, column)
        if found == found:
            return Mark(self.price(found), True)
        return self._stale_mark(row, symbol)

    def _stale_mark(self, row: int, symbol: str) -> Mark | None:
        """The last close before a row; what was found last time is not searched behind."""
        column = self.columns[symbol]
        known, mark = self.stale.get(symbol, (-1, None))
        for earlier in range(row - 1, known, -1):
            found = self.panel.close.item(earlier, column)
            if found == found:
                mark = Mark(self.price(found), False)
                break
        self.stale[symbol] = (row - 1, mark)
        return mark

    def equity(self, row: int, phase: Phase) -> Number:
        """Cash and the signed value of all sleeves at an event's prices."""
        total = self.cash
        for (symbol, _), quantity in self.sleeves.items():
            mark = self.mark(row, symbol, phase)
            if mark is not None:
                total = total + quantity * mark.price * self.instruments[symbol].multiplier
        return snap(total)

    def ladder_see(self, session_on: date, equity: Number) -> None:
        """Let the ladder judge a valuation: it may reduce the account for the rest of the session."""
        self.ladder = ladder_step(
            self.ladder,
            session_on=session_on,
            equity=equity,
            cash=self.cash,
            is_cash_account=self.kind == "cash",
            day_start_equity=self.day_start_equity,
            day_flows=self.day_flows,
            max_daily_loss=self.limits.max_daily_loss_pct,
            relative=self.tolerance.relative,
        )

    # Events

    def event(self, row: int, session_on: date, phase: Phase) -> None:
        """Let the book of every symbol with orders play one event, and book what it does."""
        if phase == Phase.OPEN:
            self.volume_used.clear()
        for symbol in sorted(self.orders):
            if self.orders[symbol]:
                self._symbol_event(row, session_on, phase, symbol)

    def _symbol_event(self, row: int, session_on: date, phase: Phase, symbol: str) -> None:
        orders, instrument = self.orders[symbol], self.instruments[symbol]
        if phase == Phase.OPEN:
            for order in orders.values():
                order.found_at_open = True
        held = {order.sleeve: self.sleeves.get((symbol, order.sleeve), self.zero) for order in orders.values()}
        actions, self.volume_used[symbol] = book.event_play(
            phase=phase,
            bar=self.bar(row, symbol),
            orders=[order.in_book() for order in orders.values()],
            sleeves=held,
            tick=instrument.tick,
            step=instrument.step,
            multiplier=instrument.multiplier,
            costs=self.costs,
            tolerance=self.tolerance,
            volume_used=self.volume_used.get(symbol, self.zero),
        )
        for action in actions:
            self._apply(action, orders, session_on, phase)
        if phase == Phase.CLOSE:
            for order in orders.values():
                order.born = ""

    def _apply(self, action: book.Action, orders: dict[int, SimOrder], session_on: date, phase: Phase) -> None:
        order = orders[action.key]  # type: ignore[index]  # our keys are ints
        if isinstance(action, book.Fill):
            self._fill(order, action, session_on, phase)
            if order.quantity == 0:
                del orders[order.key]
        elif isinstance(action, book.Release):
            order.held, order.quantity, order.born = False, action.quantity, action.parent_filled_in_bar
            order.found_at_open = False
        elif isinstance(action, book.Amend):
            order.quantity = action.quantity
        elif isinstance(action, book.Trigger):
            order.triggered = True
        else:
            del orders[order.key]

    def _fill(self, order: SimOrder, fill: book.Fill, session_on: date, phase: Phase) -> None:
        """Book one fill: cash, sleeve, cost, and what remains of the order and its reserve."""
        key, multiplier = (order.symbol, order.sleeve), self.instruments[order.symbol].multiplier
        before = self.sleeves.get(key, self.zero)
        effect = fill_apply(before, self.cost.get(key, self.zero), fill.quantity, fill.price, multiplier)
        self.cash = snap(self.cash + cash_move(fill.quantity, fill.price, multiplier, fill.fee))
        if effect.quantity == 0:
            self.sleeves.pop(key, None)
            self.cost.pop(key, None)
        else:
            self.sleeves[key], self.cost[key] = effect.quantity, effect.cost
        self._order_filled(order, fill, multiplier)
        record = EngineFill(
            session_on, phase.value, order.symbol, order.sleeve, order.role.value, fill.quantity, fill.price, fill.fee,
            effect.realised, effect.closed != 0, order.key, order.order_type.value, fill.both_inside,
        )  # fmt: skip
        self.fills.append(record)
        self.on_fill(record)

    def _order_filled(self, order: SimOrder, fill: book.Fill, multiplier: Number) -> None:
        size = abs(fill.quantity)
        order.quantity = snap(order.quantity - fill.quantity)
        order.filled_quantity = snap(order.filled_quantity + size)
        order.filled_notional = snap(order.filled_notional + snap(size * fill.price * multiplier))
        order.fees = order.fees + fill.fee
        opening = min(order.opening, abs(order.quantity))
        if order.opening:
            order.reserve = snap(order.reserve * opening / order.opening)
        order.opening = opening

    # Orders come and go

    def order_add(self, **facts: Any) -> SimOrder:
        """A new order behind all others."""
        self.last_key += 1
        zeros = {"filled_quantity": self.zero, "filled_notional": self.zero, "fees": self.zero}
        order = SimOrder(key=self.last_key, **{**zeros, "opening": self.zero, "reserve": self.zero, **facts})
        self.orders.setdefault(order.symbol, {})[order.key] = order
        return order

    def orders_drop(self, symbol: str, keys: Iterable[Any]) -> None:
        """Cancel these orders before anything else happens."""
        for key in keys:
            self.orders[symbol].pop(key, None)

    # What the gate sees

    def picture(self, row: int, symbols: Iterable[str], *, session_open: bool) -> AccountPicture:
        """The account at a close, with marks for these symbols and all that are held or asked for."""
        orders = [order for book_orders in self.orders.values() for order in book_orders.values()]
        marked = {*symbols, *(symbol for symbol, _ in self.sleeves), *(order.symbol for order in orders)}
        marks = {symbol: mark for symbol in marked if (mark := self.mark(row, symbol)) is not None}
        return AccountPicture(
            environment=self.environment,
            kind=self.kind,
            currency=self.currency,
            cash=self.cash,
            reserved=sum((order.reserve for order in orders), self.zero),
            limits=self.limits,
            costs=self.costs,
            tolerance=self.tolerance,
            zero=self.zero,
            sleeves=self.sleeves,
            marks=marks,
            instruments=self.instruments,
            working={order.key: order.working() for order in orders},
            day_start_equity=self.day_start_equity,
            day_flows=self.day_flows,
            stop_level=self.ladder.level,
            stop_reasons=(self.ladder.reason,) if self.ladder.reason else (),
            session_open=session_open,
        )


def _converted(facts: CostModel | Limits, number: Callable[[Any], Number], skip: tuple[str, ...] = ()) -> Any:
    """The same facts in the run's number type; None and counts stay."""
    given = {field.name: getattr(facts, field.name) for field in fields(facts)}
    return replace(facts, **{k: number(v) for k, v in given.items() if v is not None and k not in skip})
