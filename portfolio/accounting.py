"""Average-cost accounting of one sleeve: what a fill does to quantity, cost, profit and cash. Pure.

`quantity` is signed. `cost` is the signed total cost of the open quantity, multiplier included (negative when
short), so market value less cost is the unrealised profit on both sides. Every number of a call is of one type,
Decimal in the ledger and float in simulations; money and quantity are snapped to eight decimals after each step.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from marketdata.rounding import snap

# Any stands for Decimal or float, one of the two throughout a call: numba compiles these rules for floats.


class FillEffect(NamedTuple):
    """The sleeve after a fill, what the fill realised, and its two signed parts: `closed` + `opened` = the fill."""

    quantity: Any
    cost: Any
    realised: Any
    closed: Any
    opened: Any


def fill_apply(quantity: Any, cost: Any, fill_quantity: Any, fill_price: Any, multiplier: Any) -> FillEffect:
    """Return the `FillEffect` of a signed fill on a sleeve; a flip is a close followed by an open.

    A partial close removes its share of the cost, a full close removes all of it, so no dust remains. Realised
    profit is before fees. Cost less the cash paid is the profit, which keeps the entries of a fill at zero exactly.
    """
    notional = snap(fill_quantity * fill_price * multiplier)
    if quantity * fill_quantity >= 0:
        closed = fill_quantity - fill_quantity
        cost_after = snap(cost + notional)
    elif abs(fill_quantity) < abs(quantity):
        closed = fill_quantity
        cost_after = snap(cost + snap(cost * fill_quantity / quantity))
    else:
        closed = -quantity
        cost_after = snap((fill_quantity + quantity) * fill_price * multiplier)
    return FillEffect(
        snap(quantity + fill_quantity),
        cost_after,
        snap(cost_after - cost - notional),
        closed,
        snap(fill_quantity - closed),
    )


def cash_move(fill_quantity: Any, fill_price: Any, multiplier: Any, fee: Any) -> Any:
    """Return what a fill moves in cash: a buyer pays its value, a seller gets it, both pay the fee."""
    return snap(-snap(fill_quantity * fill_price * multiplier) - snap(fee))


def market_value(quantity: Any, price: Any, multiplier: Any) -> Any:
    """Return the signed value of a quantity at a price."""
    return snap(quantity * price * multiplier)


def unrealised(quantity: Any, cost: Any, price: Any, multiplier: Any) -> Any:
    """Return the profit still open: market value less cost, on both sides of the market."""
    return snap(market_value(quantity, price, multiplier) - cost)


def average_price(quantity: Any, cost: Any, multiplier: Any) -> Any:
    """Return the average price paid per unit, or None when the sleeve is flat."""
    if quantity == 0:
        return None
    return snap(cost / (quantity * multiplier))


class SleeveFill(Protocol):
    """What a fold needs of a fill; ledger rows and simulated fills both have it."""

    @property
    def quantity(self) -> Any: ...
    @property
    def price(self) -> Any: ...
    @property
    def fee(self) -> Any: ...
    @property
    def executed_at(self) -> Any: ...


class SleeveFold(NamedTuple):
    """A sleeve after its fills; `opened_at` is when the open quantity began, None when flat."""

    quantity: Any = 0
    cost: Any = 0
    realised: Any = 0
    fees: Any = 0
    opened_at: Any = None
    updated_at: Any = None


def sleeve_fold(fills: Iterable[SleeveFill], multiplier: Any, start: SleeveFold | None = None) -> SleeveFold:
    """Fold the fills of one sleeve, in order, from flat or from where it stood."""
    sleeve = start or SleeveFold()
    for fill in fills:
        effect = fill_apply(sleeve.quantity, sleeve.cost, fill.quantity, fill.price, multiplier)
        opened_at = sleeve.opened_at
        if effect.quantity == 0:
            opened_at = None
        elif sleeve.quantity * effect.quantity <= 0:
            opened_at = fill.executed_at
        sleeve = SleeveFold(
            effect.quantity,
            effect.cost,
            snap(sleeve.realised + effect.realised),
            snap(sleeve.fees + fill.fee),
            opened_at,
            fill.executed_at,
        )
    return sleeve


class RoundTrip(NamedTuple):
    """One round trip of a sleeve, flat to flat: its result net of fees, when it opened and closed."""

    net: Any
    opened_at: Any
    closed_at: Any


def round_trips(fills: Iterable[SleeveFill], multiplier: Any) -> list[RoundTrip]:
    """Fold the fills of one sleeve, in order, into its finished round trips.

    A flip ends one trip and begins the next; its fee is shared by quantity. A trip still open is not returned.
    """
    trips: list[RoundTrip] = []
    quantity: Any = 0
    cost: Any = 0
    net: Any = 0
    opened_at = None
    for fill in fills:
        if quantity == 0:
            opened_at, net = fill.executed_at, 0
        effect = fill_apply(quantity, cost, fill.quantity, fill.price, multiplier)
        flipped = effect.closed != 0 and effect.opened != 0
        fee_closing = snap(fill.fee * effect.closed / fill.quantity) if flipped else fill.fee
        net = net + effect.realised - fee_closing
        if effect.quantity == 0 or flipped:
            trips.append(RoundTrip(snap(net), opened_at, fill.executed_at))
            opened_at, net = fill.executed_at, fee_closing - fill.fee
        quantity, cost = effect.quantity, effect.cost
    return trips
