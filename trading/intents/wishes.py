"""From changed targets and from signals to intents, sized as the gate will judge them. Pure.

Weights targets are in the number type of the picture; of signal targets only the sign counts.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from marketdata.rounding import quantity_floor, snap
from risk.facts import IntentFacts, Origin
from trading.intents.targets import TargetStep, sign_of
from trading.picture import AccountPicture
from trading.signals import Signal
from trading.terms import OrderRole, OrderType, TargetKind, TimeInForce

Number = Any  # Decimal or float; one type in one call


@dataclass(frozen=True, slots=True)
class Intent:
    """What somebody wants to send, before the gate.

    `quantity` is signed; 0 means that not even the smallest order was affordable. `exits` marks what lowers its sleeve,
    `closes_sleeve` an exit that takes all of it: the sleeve's protective orders are then cancelled first. `again` marks
    the rest of a weights target that a limit cut before. `name` is who wants it, in words.
    """

    symbol: str
    sleeve: str
    quantity: Number
    role: OrderRole
    order_type: OrderType = OrderType.MARKET
    limit_price: Number | None = None
    stop_price: Number | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    origin: Origin = Origin.STRATEGY
    protective: bool = False
    reduce_only: bool = False
    exits: bool = False
    closes_sleeve: bool = False
    kind: TargetKind = TargetKind.SIGNAL
    target: Number | None = None
    again: bool = False
    name: str = ""
    priority: int = 0
    deployment_id: int = 0

    def __post_init__(self) -> None:
        """A quantity that is no number has no side to be judged on."""
        if not math.isfinite(self.quantity):
            raise ValueError(f"An intent's quantity is a finite number, not {self.quantity}.")

    @property
    def facts(self) -> IntentFacts:
        """The intent as the gate is told of it."""
        return IntentFacts(
            quantity=self.quantity,
            order_type=self.order_type.value,
            limit_price=self.limit_price,
            stop_price=self.stop_price,
            time_in_force=self.time_in_force.value,
            origin=self.origin,
            protective=self.protective,
            reduce_only=self.reduce_only,
        )


@dataclass(frozen=True, slots=True)
class Asker:
    """The deployment whose targets become intents; `capital` None is the account's equity."""

    sleeve: str
    name: str
    deployment_id: int
    priority: int = 0
    kind: TargetKind = TargetKind.SIGNAL
    position_size: Number = 0
    capital: Number | None = None


def size_quantity(
    fraction: Number, capital: Number, reference: Number, multiplier: Number, step: Number | None, minimum: Number
) -> Number:
    """|quantity| that `fraction` of `capital` buys at the reference, floored to the step; 0 below the minimum."""
    if not (capital > 0 and reference > 0):
        return capital * 0
    quantity = quantity_floor(snap(abs(fraction) * capital / (reference * multiplier)), step)
    return quantity if quantity >= minimum else quantity * 0


def intents_from_changes(
    step: TargetStep, asker: Asker, picture: AccountPicture, again: Collection[str] = ()
) -> list[Intent]:
    """Intents of the symbols whose target is to be acted on.

    Sizes come from the equity and the marks that the gate will judge by. `again` names weights symbols whose last
    intent a limit cut: they are asked for once more.
    """
    intents: list[Intent] = []
    for symbol in step.changes:
        intents.extend(_symbol_intents(symbol, step.effective[symbol], asker, picture))
    for symbol in sorted(set(again) - set(step.changes) - set(step.latched)):
        rest = _symbol_intents(symbol, step.effective.get(symbol, picture.zero), asker, picture)
        intents.extend(replace(intent, again=True) for intent in rest if not intent.exits and intent.quantity != 0)
    return intents


def _symbol_intents(symbol: str, target: Number, asker: Asker, picture: AccountPicture) -> list[Intent]:
    """The exit and the entry that lead one sleeve from what it will hold to its target."""
    held = picture.sleeve_expected(symbol, asker.sleeve)
    wanted = _wanted_quantity(symbol, target, held, asker, picture)
    sign = sign_of(target)
    intents = []
    if held != 0 and sign_of(held) != sign:
        intents.append(exit_intent(symbol, asker, -held, closes_sleeve=True, target=target))
        held = held * 0
    if sign and wanted is not None:
        change = snap(wanted - held)
        if change * sign < 0:
            intents.append(exit_intent(symbol, asker, change, closes_sleeve=False, target=target))
        elif change != 0 or held == 0:
            intents.append(entry_intent(symbol, asker, change, sign, target=target))
    return intents


def _wanted_quantity(symbol: str, target: Number, held: Number, asker: Asker, picture: AccountPicture) -> Number | None:
    """The signed quantity a target stands for; None where a signal's sleeve already stands on its side."""
    sign = sign_of(target)
    if sign == 0 or (asker.kind == TargetKind.SIGNAL and sign_of(held) == sign):
        return None
    fraction = asker.position_size if asker.kind == TargetKind.SIGNAL else target
    return sign * quantity_affordable(symbol, fraction, asker, picture)


def quantity_affordable(symbol: str, fraction: Number, asker: Asker, picture: AccountPicture) -> Number:
    """|quantity| that a fraction of the deployment's capital buys; the minimum when there is no price to size by."""
    instrument = picture.instruments.get(symbol)
    reference = picture.reference(symbol)
    if instrument is None or reference is None:
        return picture.zero + (1 if instrument is None else instrument.minimum_quantity)
    capital = picture.equity() if asker.capital is None else asker.capital
    return size_quantity(
        fraction, capital, reference, instrument.multiplier, instrument.step, instrument.minimum_quantity
    )


def exit_intent(
    symbol: str, asker: Asker, quantity: Number, *, closes_sleeve: bool, target: Number | None = None
) -> Intent:
    """A strategy's exit: MARKET GTC, reduce-only."""
    return Intent(
        symbol=symbol,
        sleeve=asker.sleeve,
        quantity=quantity,
        role=OrderRole.EXIT,
        time_in_force=TimeInForce.GTC,
        reduce_only=True,
        exits=True,
        closes_sleeve=closes_sleeve,
        kind=asker.kind,
        target=target,
        name=asker.name,
        priority=asker.priority,
        deployment_id=asker.deployment_id,
    )


def entry_intent(symbol: str, asker: Asker, quantity: Number, sign: int, *, target: Number | None = None) -> Intent:
    """A strategy's opening: MARKET DAY. `sign` is the side also when the quantity is 0."""
    return Intent(
        symbol=symbol,
        sleeve=asker.sleeve,
        quantity=quantity,
        role=OrderRole.ENTRY,
        kind=asker.kind,
        target=sign if target is None else target,
        name=asker.name,
        priority=asker.priority,
        deployment_id=asker.deployment_id,
    )


def intent_from_signal(signal: Signal, asker: Asker, picture: AccountPicture) -> Intent | None:
    """The one intent of an event strategy's BUY or SELL, None of a HOLD.

    Quantity None means the position size. What lowers the sleeve is an exit and works until cancelled; the rest opens.
    """
    if signal.action == "HOLD":
        return None
    sign = 1 if signal.action == "BUY" else -1
    size: Number = signal.quantity
    if size is None:
        size = quantity_affordable(signal.symbol, asker.position_size, asker, picture)
    held = picture.sleeve_expected(signal.symbol, asker.sleeve)
    exits = held * sign < 0
    instrument = picture.instruments.get(signal.symbol)
    quantity = sign * quantity_floor(size, None if instrument is None else instrument.step)
    if exits and picture.kind == "cash":  # a sell beyond the position is cut to it
        quantity = sign * min(abs(quantity), abs(held))
    if exits and abs(quantity) <= abs(held):
        base = exit_intent(signal.symbol, asker, quantity, closes_sleeve=abs(quantity) == abs(held))
    else:
        base = replace(entry_intent(signal.symbol, asker, quantity, sign), exits=exits, closes_sleeve=exits)
    return replace(
        base,
        order_type=OrderType(signal.order_type),
        limit_price=signal.limit_price,
        stop_price=signal.stop_price,
    )


def order_intents(intents: Iterable[Intent]) -> list[Intent]:
    """The order in which an account acts: reductions, then openings; by deployment priority, id, symbol."""
    return sorted(intents, key=lambda i: (not i.exits, i.priority, i.deployment_id, i.symbol))
