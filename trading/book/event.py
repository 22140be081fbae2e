"""One event of one account and one instrument: what the book does with a bar. Pure.

At OPEN the open price is known, at CLOSE the whole bar; the bar's volume is known to the simulator at both. The caller
keeps the orders and applies the actions in the order given. Numbers of one call are of one type, Decimal or float;
quantities are signed and in whole steps.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from marketdata.rounding import Tolerance, price_round, quantity_floor, snap
from trading import matching
from trading.book.facts import (
    REASON_OCO,
    REASON_PAIR_DONE,
    REASON_PARENT_ENDED,
    REASON_REDUCE_ONLY,
    Action,
    Amend,
    BarLike,
    BookOrder,
    Cancel,
    Expire,
    Fill,
    Number,
    Release,
    Trigger,
    Void,
)
from trading.costs import CostModel, commission_due, commission_total
from trading.terms import OrderRole, OrderType, Phase, TimeInForce


def event_play(
    *,
    phase: Phase,
    bar: BarLike | None,
    orders: Sequence[BookOrder],
    sleeves: Mapping[str, Number],
    tick: Number | None,
    step: Number | None,
    multiplier: Number,
    costs: CostModel,
    tolerance: Tolerance,
    volume_used: Number,
) -> tuple[list[Action], Number]:
    """Match, release, reconcile and expire the orders of one instrument at one event of a bar.

    Parameters
    ----------
    phase : Phase
        OPEN or CLOSE.
    bar : Bar or None
        None when the instrument has no bar this session: nothing matches, time in force still runs.
    orders : sequence of BookOrder
        All working orders of the account in this instrument, held children included.
    sleeves : mapping of str to number
        Signed quantity held per sleeve before the event.
    volume_used : number
        What OPEN gave of this bar's volume; 0 at OPEN.

    Returns
    -------
    list of Action, number
        To be applied in order; the volume used so far.
    """
    if not orders:
        return [], volume_used
    event = _Event(phase, bar, orders, sleeves, tick, step, multiplier, costs, tolerance, volume_used)
    tradable = bar is not None and math.isfinite(bar.open) and math.isfinite(bar.volume) and bar.open > 0
    if phase == Phase.OPEN:
        if tradable:
            event.match_open()
        event.expire((TimeInForce.OPG, TimeInForce.IOC, TimeInForce.FOK))
    else:
        if tradable:
            event.match_inside()
        event.expire((TimeInForce.DAY,))
    event.reconcile()
    return event.actions, event.volume_used


class _Leg:
    """An order while the event lasts. `told` is the remaining quantity the caller knows of."""

    __slots__ = (
        "born",
        "fees",
        "filled",
        "held",
        "live",
        "notional",
        "order",
        "remaining",
        "sign",
        "told",
        "triggered",
    )

    def __init__(self, order: BookOrder) -> None:
        self.order = order
        self.sign = 1 if order.quantity > 0 else -1
        self.remaining = abs(order.quantity)
        self.told = self.remaining
        self.filled = order.filled_quantity
        self.notional = order.filled_notional
        self.fees = order.fees_charged
        self.held = order.held
        self.live = not order.held
        self.triggered = order.triggered
        self.born = order.parent_filled_in_bar

    @property
    def works_as(self) -> OrderType:
        """The type it matches as: a triggered stop is a market order, a triggered stop-limit a limit order."""
        if not self.triggered:
            return self.order.order_type
        return OrderType.LIMIT if self.order.limit_price is not None else OrderType.MARKET


class _Event:
    """The book during one event."""

    def __init__(
        self,
        phase: Phase,
        bar: BarLike | None,
        orders: Sequence[BookOrder],
        sleeves: Mapping[str, Number],
        tick: Number | None,
        step: Number | None,
        multiplier: Number,
        costs: CostModel,
        tolerance: Tolerance,
        volume_used: Number,
    ) -> None:
        self.phase = phase
        self.bar: Any = bar
        self.legs = {order.key: _Leg(order) for order in orders}
        self.children: dict[Hashable, list[_Leg]] = {}
        for leg in self.legs.values():
            if leg.order.parent is not None:
                self.children.setdefault(leg.order.parent, []).append(leg)
        self.sleeves = dict(sleeves)
        self.tick, self.step, self.multiplier = tick, step, multiplier
        self.costs, self.relative = costs, tolerance.relative
        self.volume_used = volume_used
        self.actions: list[Action] = []

    # What the bar does

    def match_open(self) -> None:
        """Market orders, gapped stops and limits the open is better than."""
        for leg in self.queue():
            if leg.live:
                self.leg_open(leg)

    def match_inside(self) -> None:
        """Stops and limits the bar reached; then the stops of what filled inside the bar."""
        for leg in self.queue():
            if leg.live and (leg.order.found_at_open or leg.born):
                self.leg_inside(leg, self.bar.open)
        newly = {action.key: action.price for action in self.actions if isinstance(action, Fill)}
        for leg in self.queue():
            if leg.live and leg.order.parent in newly and leg.works_as in (OrderType.STOP, OrderType.STOP_LIMIT):
                self.leg_inside(leg, newly[leg.order.parent])

    def leg_open(self, leg: _Leg) -> None:
        """Match one order at the open."""
        opened, sign, works_as = self.bar.open, leg.sign, leg.works_as
        if works_as == OrderType.MARKET:
            self.fill(leg, matching.market_price(opened, sign, self.costs.half_spread_bps, self.costs.slippage_bps))
        elif works_as == OrderType.LIMIT:
            if matching.limit_open_better(opened, leg.order.limit_price, sign, self.relative):
                self.fill(leg, opened)
        elif matching.stop_gapped(opened, leg.order.stop_price, sign, self.relative):
            self.stop_trigger(leg, opened)

    def leg_inside(self, leg: _Leg, opened: Number) -> None:
        """Match one order inside the bar, which for it began at `opened`."""
        bar, sign, works_as = self.bar, leg.sign, leg.works_as
        if works_as == OrderType.LIMIT:
            barred = leg.order.role == OrderRole.TARGET and leg.born == Phase.CLOSE
            if not barred and matching.limit_through(bar.high, bar.low, leg.order.limit_price, sign, self.relative):
                self.fill(leg, matching.limit_price(opened, leg.order.limit_price, sign))
        elif works_as in (OrderType.STOP, OrderType.STOP_LIMIT):
            stop = leg.order.stop_price
            if matching.stop_touched(bar.high, bar.low, stop, sign, self.relative) or matching.stop_gapped(
                opened, stop, sign, self.relative
            ):
                self.stop_trigger(leg, opened)

    def stop_trigger(self, leg: _Leg, opened: Number) -> None:
        """A stop becomes a market order at once; a stop-limit fills only where its stop is better than its limit."""
        order, sign = leg.order, leg.sign
        works_as = leg.works_as
        if self.reduces_nothing(leg):
            return
        leg.triggered = True
        self.actions.append(Trigger(order.key))
        if works_as == OrderType.STOP_LIMIT:
            base = matching.stop_base(opened, order.stop_price, sign)
            if not matching.limit_open_better(base, order.limit_price, sign, self.relative):
                return
        self.fill(leg, matching.stop_price(opened, order.stop_price, sign, self.costs.slippage_bps))

    # Who comes first

    def queue(self) -> list[_Leg]:
        """Live orders: protective, exits, openings; by creation; the stop of a pair before its target."""
        live = [leg for leg in self.legs.values() if leg.live]
        return sorted(live, key=self.rank) if len(live) > 1 else live

    def rank(self, leg: _Leg) -> tuple[int, int, bool, int]:
        """The place of an order in the queue for the bar's volume."""
        order = leg.order
        if order.protective:
            kind = 0
        else:
            kind = 1 if order.reducing or leg.remaining <= self.reducible(leg) else 2
        siblings = self.children[order.parent] if order.parent is not None else ()
        created = min((sibling.order.sequence for sibling in siblings), default=order.sequence)
        return kind, created, order.order_type == OrderType.LIMIT, order.sequence

    def reducible(self, leg: _Leg) -> Number:
        """|quantity| by which the order could lower its sleeve."""
        held = self.sleeves.get(leg.order.sleeve, 0)
        return abs(held) if held * leg.sign < 0 else 0

    def reduces_nothing(self, leg: _Leg) -> bool:
        """Whether a reduce-only order has nothing left to reduce."""
        return leg.order.reducing and not self.reducible(leg) > 0

    # What a match does

    def fill(self, leg: _Leg, raw_price: Number) -> None:
        """Fill what volume and reduce-only leave of the order, and move its bracket along."""
        quantity = self.fill_quantity(leg)
        if not quantity > 0:
            return
        self.tell(leg)
        price = self.fill_price(leg, raw_price)
        notional = snap(quantity * price * self.multiplier)
        fee = self.fill_fee(leg, quantity, notional)
        self.actions.append(Fill(leg.order.key, leg.sign * quantity, price, fee, self.both_inside(leg)))
        leg.remaining = leg.told = snap(leg.remaining - quantity)
        leg.filled, leg.notional, leg.fees = snap(leg.filled + quantity), snap(leg.notional + notional), leg.fees + fee
        leg.live = leg.remaining > 0
        self.volume_used = self.volume_used + quantity
        self.sleeves[leg.order.sleeve] = snap(self.sleeves.get(leg.order.sleeve, 0) + leg.sign * quantity)
        self.children_grow(leg, quantity)
        self.siblings_shrink(leg, quantity)

    def fill_quantity(self, leg: _Leg) -> Number:
        """The |quantity| that fills now; nothing of a FOK that cannot fill whole."""
        wanted = min(leg.remaining, self.reducible(leg)) if leg.order.reducing else leg.remaining
        available = wanted
        if self.costs.volume_cap is not None:
            room = matching.volume_room(self.bar.volume, self.costs.volume_cap, self.volume_used)
            available = min(wanted, quantity_floor(room, self.step))
        if leg.order.time_in_force == TimeInForce.FOK and available < leg.remaining:
            return 0
        return available

    def fill_price(self, leg: _Leg, raw_price: Number) -> Number:
        """Eight decimals, on the tick against the taker, never worse than a limit."""
        price = snap(price_round(raw_price, self.tick, leg.sign))
        limit = leg.order.limit_price
        return price if limit is None else matching.limit_keep(price, limit, leg.sign)

    def fill_fee(self, leg: _Leg, quantity: Number, notional: Number) -> Number:
        """The order's commission so far less what earlier fills paid."""
        costs = self.costs
        total = commission_total(
            leg.filled + quantity,
            leg.notional + notional,
            costs.commission_per_share,
            costs.commission_pct,
            costs.commission_minimum,
        )
        return snap(commission_due(snap(total), leg.fees))

    def both_inside(self, leg: _Leg) -> bool:
        """Whether a stop fills inside a bar that also traded through its target, so that finer bars must decide."""
        order = leg.order
        if self.phase == Phase.OPEN or order.role != OrderRole.STOP or order.parent is None:
            return False
        if matching.stop_gapped(self.bar.open, order.stop_price, leg.sign, self.relative):
            return False
        return any(
            other.live and other.born != Phase.CLOSE and other.order.role == OrderRole.TARGET and self.through(other)
            for other in self.children[order.parent]
        )

    def through(self, leg: _Leg) -> bool:
        """Whether the bar traded through the order's limit."""
        return matching.limit_through(self.bar.high, self.bar.low, leg.order.limit_price, leg.sign, self.relative)

    def children_grow(self, parent: _Leg, quantity: Number) -> None:
        """The bracket protects what its parent has filled."""
        for child in self.children.get(parent.order.key, ()):
            if child.held:
                child.held, child.live = False, True
                child.remaining = child.told = parent.filled
                child.born = self.born_in(parent)
                self.actions.append(Release(child.order.key, child.sign * child.remaining, child.born))
            elif child.live:
                child.remaining = snap(child.remaining + quantity)

    def born_in(self, parent: _Leg) -> str:
        """When the children of a fill begin: a limit entry may be stopped on its entry bar, never targeted."""
        limited = parent.order.limit_price is not None
        return Phase.CLOSE.value if limited or self.phase == Phase.CLOSE else Phase.OPEN.value

    def siblings_shrink(self, leg: _Leg, quantity: Number) -> None:
        """One cancels the other; a bracket that is done takes its parent's remainder with it."""
        parent = leg.order.parent
        if parent is None:
            return
        for sibling in self.children[parent]:
            if sibling is not leg and sibling.live:
                sibling.remaining = snap(max(sibling.remaining - quantity, 0 * quantity))
                if not sibling.remaining > 0:
                    self.cancel(sibling, REASON_OCO)
        if not any(child.live for child in self.children[parent]) and self.parent_live(leg):
            self.cancel(self.legs[parent], REASON_PAIR_DONE)

    def parent_live(self, child: _Leg) -> bool:
        """Whether the parent still works."""
        parent = self.legs.get(child.order.parent)
        return parent is not None and parent.live

    # Endings

    def cancel(self, leg: _Leg, reason: str) -> None:
        """End a working order, and its held children if it never filled."""
        leg.live = False
        self.actions.append(Cancel(leg.order.key, reason))
        self.children_void(leg)

    def children_void(self, parent: _Leg) -> None:
        """Held children end with a parent that ended unfilled."""
        for child in self.children.get(parent.order.key, ()):
            if child.held:
                child.held = False
                self.actions.append(Void(child.order.key, REASON_PARENT_ENDED))

    def expire(self, ending: Iterable[TimeInForce]) -> None:
        """End what this event ends by time in force."""
        for leg in self.legs.values():
            if leg.live and leg.order.time_in_force in ending and leg.order.found_at_open:
                leg.live = False
                self.actions.append(Expire(leg.order.key))
                self.children_void(leg)

    def reconcile(self) -> None:
        """Reduce-only orders shrink to their sleeve; what changed is told."""
        for leg in self.legs.values():
            if not leg.live:
                continue
            nothing = self.reduces_nothing(leg)
            if nothing and not self.parent_live(leg):  # else what the parent still fills would be without protection
                self.cancel(leg, REASON_REDUCE_ONLY)
                continue
            if leg.order.reducing and not nothing:
                leg.remaining = min(leg.remaining, self.reducible(leg))
            self.tell(leg)

    def tell(self, leg: _Leg) -> None:
        """Amend the order when the caller knows another quantity."""
        if leg.remaining != leg.told:
            leg.told = leg.remaining
            self.actions.append(Amend(leg.order.key, leg.sign * leg.remaining))
