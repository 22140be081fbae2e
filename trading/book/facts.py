"""What the book is told and what it answers: orders and bars in, actions out. Pure."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Protocol

from trading.terms import OrderRole, OrderType, TimeInForce

Number = Any  # Decimal or float; one type in one call

REASON_OCO = "OCO"  # the sibling closed what the pair protects
REASON_REDUCE_ONLY = "REDUCE_ONLY"  # the sleeve holds nothing that the order could reduce
REASON_PAIR_DONE = "PAIR_DONE"  # the bracket closed while its parent was still working
REASON_PARENT_ENDED = "PARENT_ENDED"  # the parent ended unfilled


class BarLike(Protocol):
    """A bar in the number type of the call."""

    @property
    def open(self) -> Number: ...
    @property
    def high(self) -> Number: ...
    @property
    def low(self) -> Number: ...
    @property
    def close(self) -> Number: ...
    @property
    def volume(self) -> Number: ...


@dataclass(frozen=True, slots=True)
class BookOrder:
    """An order in the book, or a bracket child HELD for its parent's first fill.

    `quantity` is what remains. `reducing` orders never go beyond their sleeve. `filled_notional` is the value of the
    fills so far, unsigned and with the multiplier. `found_at_open` says at CLOSE whether this bar's OPEN, or an earlier
    one, found the order in the book: a DAY order so found ends at this CLOSE, and one not found is not matched before
    the next OPEN, children of this bar's fills apart. `parent_filled_in_bar` is what `Release` said, while the bar in
    which it said so lasts, else "".
    """

    key: Hashable
    sleeve: str
    role: OrderRole
    quantity: Number
    order_type: OrderType
    sequence: int
    limit_price: Number | None = None
    stop_price: Number | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    reducing: bool = False
    protective: bool = False
    parent: Hashable | None = None
    held: bool = False
    triggered: bool = False
    filled_quantity: Number = 0
    filled_notional: Number = 0
    fees_charged: Number = 0
    found_at_open: bool = True
    parent_filled_in_bar: str = ""


@dataclass(frozen=True, slots=True)
class Fill:
    """A signed quantity at a price. `both_inside`: a stop filled on a bar that also traded through its target."""

    key: Hashable
    quantity: Number
    price: Number
    fee: Number
    both_inside: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """A held child enters the book with this signed quantity.

    Its `parent_filled_in_bar` is OPEN when it may match anything at this bar's CLOSE, and CLOSE when only a stop is
    checked on this bar: the parent filled inside the bar, or is a limit order.
    """

    key: Hashable
    quantity: Number
    parent_filled_in_bar: str


@dataclass(frozen=True, slots=True)
class Amend:
    """The order's remaining signed quantity becomes this."""

    key: Hashable
    quantity: Number


@dataclass(frozen=True, slots=True)
class Cancel:
    """A working order ends by a rule of the book."""

    key: Hashable
    reason: str


@dataclass(frozen=True, slots=True)
class Expire:
    """A working order ends by its time in force."""

    key: Hashable


@dataclass(frozen=True, slots=True)
class Void:
    """A held child ends: its parent ended unfilled."""

    key: Hashable
    reason: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """A stop or stop-limit was triggered; what it does not fill now works on as a market or limit order."""

    key: Hashable


Action = Fill | Release | Amend | Cancel | Expire | Void | Trigger
