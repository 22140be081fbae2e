"""The account as the gate must see it: sleeves, marks, working orders, and every fact derived from them. Pure.

Services fill a picture from rows under the account lock, the engine keeps one in memory; both ask it for the same
`GateInput`. All numbers of one picture are of one type, Decimal or float; quantities are signed, notionals are not.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from marketdata.rounding import Tolerance
from risk.facts import (
    AccountFacts,
    GateInput,
    InstrumentFacts,
    IntentFacts,
    Limits,
    MarketFacts,
    RecentFacts,
    SleeveFacts,
    StopLevel,
    SymbolFacts,
)
from trading.costs import CostModel
from trading.terms import OrderRole, OrderType

Number = Any  # Decimal or float; one type in one picture


@dataclass(frozen=True, slots=True)
class Mark:
    """The last valid price of a symbol, and whether it is young enough to be a reference."""

    price: Number
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class WorkingOrder:
    """An order that is approved, on its way or in the book, or a bracket child `held` for its parent.

    `quantity` is the signed remainder, `opening` the part of |quantity| that opens, `reserve` the money still held for
    it. `pair` is shared by a stop and its target (their parent's key), so that they count once.
    """

    key: Hashable
    symbol: str
    sleeve: str
    quantity: Number
    opening: Number
    reserve: Number
    order_type: OrderType
    role: OrderRole
    limit_price: Number | None = None
    stop_price: Number | None = None
    protective: bool = False
    pair: Hashable | None = None
    held: bool = False
    triggered: bool = False

    @property
    def rests_at_limit(self) -> bool:
        """Whether it stands in the book at its limit price; an untriggered stop does not."""
        return self.order_type == OrderType.LIMIT or (self.order_type == OrderType.STOP_LIMIT and self.triggered)


@dataclass(slots=True)
class AccountPicture:
    """One account at one instant.

    `reserved` is the account's whole reserve; `order_add` and `orders_drop` move it along. `user_notional` is, per
    symbol, what the user's other accounts of this environment and currency hold and reserve; `user_equity` is the
    equity over all of them, None when this is the only one. `sleeve_stops` holds stop levels narrower than the
    account's, by sleeve.
    """

    environment: str
    kind: str  # cash | margin
    currency: str
    cash: Number
    reserved: Number
    limits: Limits
    costs: CostModel
    tolerance: Tolerance
    zero: Number
    sleeves: dict[tuple[str, str], Number] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    instruments: dict[str, InstrumentFacts] = field(default_factory=dict)
    working: dict[Hashable, WorkingOrder] = field(default_factory=dict)
    user_notional: dict[str, Number] = field(default_factory=dict)
    user_equity: Number | None = None
    day_start_equity: Number | None = None
    day_flows: Number = 0
    stop_level: StopLevel = StopLevel.ACTIVE
    stop_reasons: Sequence[str] = ()
    sleeve_stops: dict[str, tuple[StopLevel, Sequence[str]]] = field(default_factory=dict)
    session_open: bool = True
    recent: RecentFacts = field(default_factory=RecentFacts)

    # Orders come and go

    def order_add(self, order: WorkingOrder) -> None:
        """An order was approved: it works, and its reserve is held."""
        self.orders_drop((order.key,))
        self.working[order.key] = order
        self.reserved = self.reserved + order.reserve

    def orders_drop(self, keys: Collection[Hashable]) -> None:
        """Orders ended, or are cancelled first: their reserve is free."""
        for key in keys:
            order = self.working.pop(key, None)
            if order is not None:
                self.reserved = self.reserved - order.reserve

    def protective_keys(self, symbol: str, sleeve: str) -> tuple[Hashable, ...]:
        """The bracket children and stops that protect a sleeve: what its exit cancels first."""
        return tuple(order.key for order in self.orders_of(symbol, sleeve) if order.protective)

    def orders_of(self, symbol: str, sleeve: str) -> Iterator[WorkingOrder]:
        """The orders one sleeve of a symbol has working or held."""
        return (order for order in self.working.values() if order.symbol == symbol and order.sleeve == sleeve)

    # What is held

    def sleeve_quantity(self, symbol: str, sleeve: str) -> Number:
        """Signed quantity the sleeve holds."""
        return self.sleeves.get((symbol, sleeve), self.zero)

    def sleeve_expected(self, symbol: str, sleeve: str) -> Number:
        """Signed quantity the sleeve will hold once its working exits, protective ones apart, have filled."""
        leaving = (
            (abs(order.quantity) - order.opening) * (1 if order.quantity > 0 else -1)
            for order in self.orders_of(symbol, sleeve)
            if not order.protective and not order.held
        )
        return sum(leaving, self.sleeve_quantity(symbol, sleeve))

    def multiplier(self, symbol: str) -> Number:
        """The instrument's multiplier; 1 for an unknown one."""
        instrument = self.instruments.get(symbol)
        return self.zero + 1 if instrument is None else instrument.multiplier

    def reference(self, symbol: str) -> Number | None:
        """The last valid price, fresh or not."""
        mark = self.marks.get(symbol)
        return None if mark is None else mark.price

    def unit_value(self, symbol: str) -> Number:
        """What one unit is worth at the mark; nothing without a mark, see `unmarked`."""
        price = self.reference(symbol)
        return self.zero if price is None else price * self.multiplier(symbol)

    def unmarked(self) -> bool:
        """Whether something is held that has no mark, so that equity is not known."""
        return any(quantity != 0 and symbol not in self.marks for (symbol, _), quantity in self.sleeves.items())

    def equity(self) -> Number:
        """Cash and the signed value of all sleeves."""
        values = (quantity * self.unit_value(symbol) for (symbol, _), quantity in self.sleeves.items() if quantity)
        return sum(values, self.cash)

    def gross_notional(self) -> Number:
        """The sum over all sleeves of |quantity| at the mark."""
        values = (abs(quantity) * self.unit_value(symbol) for (symbol, _), quantity in self.sleeves.items() if quantity)
        return sum(values, self.zero)

    def held_quantity(self, symbol: str) -> Number:
        """The sum over the symbol's sleeves of |quantity|."""
        return sum((abs(quantity) for (held, _), quantity in self.sleeves.items() if held == symbol), self.zero)

    # What is asked for

    def opening_notional(self, symbol: str | None = None, excluding: Collection[Hashable] = ()) -> Number:
        """Working openings, of one symbol or of all, at their limit or else at the reference price."""
        orders = (order for order in self.working.values() if order.opening > 0 and order.key not in excluding)
        values = (self.order_notional(order) for order in orders if symbol is None or order.symbol == symbol)
        return sum(values, self.zero)

    def order_notional(self, order: WorkingOrder) -> Number:
        """The opening part of an order in money."""
        price = order.limit_price if order.limit_price is not None else self.reference(order.symbol)
        return order.opening * (self.zero if price is None else price) * self.multiplier(order.symbol)

    def symbols_open(self, excluding: Collection[Hashable] = ()) -> set[str]:
        """Symbols that a sleeve holds or a working opening asks for."""
        held = {symbol for (symbol, _), quantity in self.sleeves.items() if quantity != 0}
        asked = {o.symbol for o in self.working.values() if o.opening > 0 and o.key not in excluding}
        return held | asked

    def position_count(self, excluding: Collection[Hashable] = ()) -> int:
        """How many symbols are held or asked for."""
        return len(self.symbols_open(excluding))

    def exits_working(self, symbol: str, sleeve: str, excluding: Collection[Hashable] = ()) -> Number:
        """|quantity| of the sleeve's working exits: a stop and its target count once, held children not at all."""
        total = self.zero
        pairs: dict[Hashable, Number] = {}
        for order in self.orders_of(symbol, sleeve):
            reducing = abs(order.quantity) - order.opening
            if order.key in excluding or order.held or not reducing > 0:
                continue
            if order.pair is None:
                total = total + reducing
            else:
                pairs[order.pair] = max(pairs.get(order.pair, self.zero), reducing)
        return sum(pairs.values(), total)

    # What the gate is told

    def gate_input(
        self, symbol: str, sleeve: str, intent: IntentFacts, *, excluding: Collection[Hashable] = ()
    ) -> GateInput:
        """All facts about an intent; `excluding` names orders that are cancelled before it is sent."""
        known = self.instruments.get(symbol)
        costs = self.costs
        return GateInput(
            instrument=known if known is not None else InstrumentFacts(symbol=symbol, known=False),
            intent=intent,
            market=self.market_facts(symbol),
            sleeve=SleeveFacts(
                quantity=self.sleeve_quantity(symbol, sleeve),
                exits_working=self.exits_working(symbol, sleeve, excluding),
            ),
            symbol=self.symbol_facts(symbol, sleeve, intent, excluding),
            account=self.account_facts(sleeve, excluding),
            limits=self.limits,
            tolerance=self.tolerance,
            recent=self.recent,
            fee_rate=costs.commission_pct,
            fee_per_unit=costs.commission_per_share,
            fee_minimum=costs.commission_minimum,
        )

    def market_facts(self, symbol: str) -> MarketFacts:
        """The reference price; not fresh when its mark is stale, or when equity cannot be known."""
        mark = self.marks.get(symbol)
        fresh = mark is not None and mark.fresh and not self.unmarked()
        return MarketFacts(
            reference_price=self.reference(symbol), reference_fresh=fresh, session_open=self.session_open
        )

    def symbol_facts(
        self, symbol: str, sleeve: str, intent: IntentFacts, excluding: Collection[Hashable]
    ) -> SymbolFacts:
        """The symbol over the account's sleeves and over the user's accounts."""
        opposing: tuple[Number, ...] = tuple(
            order.limit_price
            for order in self.working.values()
            if order.symbol == symbol and order.sleeve != sleeve and order.key not in excluding
            if order.rests_at_limit and not order.protective and order.quantity * intent.quantity < 0
        )
        elsewhere: Number = self.user_notional.get(symbol, self.zero)
        return SymbolFacts(
            held_quantity=self.held_quantity(symbol),
            opening_notional=self.opening_notional(symbol, excluding),
            user_notional=elsewhere,
            user_equity=self.equity() if self.user_equity is None else self.user_equity,
            is_open_position=symbol in self.symbols_open(excluding),
            opposing_limit_prices=opposing,
        )

    def account_facts(self, sleeve: str, excluding: Collection[Hashable]) -> AccountFacts:
        """The account, valued at the marks."""
        level, reasons = self.stop_state(sleeve)
        freed = sum((self.working[key].reserve for key in excluding if key in self.working), self.zero)
        return AccountFacts(
            environment=self.environment,
            kind=self.kind,
            currency=self.currency,
            cash=self.cash,
            equity=self.equity(),
            gross_notional=self.gross_notional(),
            opening_notional=self.opening_notional(excluding=excluding),
            reserved=self.reserved - freed,
            positions=self.position_count(excluding),
            open_orders=sum(1 for o in self.working.values() if not o.held and o.key not in excluding),
            day_start_equity=self.day_start_equity,
            day_flows=self.day_flows,
            stop_level=level,
            stop_reasons=reasons,
        )

    def stop_state(self, sleeve: str) -> tuple[StopLevel, tuple[str, ...]]:
        """The strictest of the account's stop level and the sleeve's own, with the reasons of both."""
        own_level, own_reasons = self.sleeve_stops.get(sleeve, (StopLevel.ACTIVE, ()))
        order = list(StopLevel)
        strictest = max(self.stop_level, own_level, key=order.index)
        return strictest, (*self.stop_reasons, *own_reasons)
