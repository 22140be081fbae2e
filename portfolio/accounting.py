"""Average-cost accounting of one sleeve: what a fill does to quantity, cost, profit and cash. Pure.

`quantity` is signed. `cost` is the signed total cost of the open quantity, multiplier included (negative when
short), so market value less cost is the unrealised profit on both sides. Every number of a call is of one type,
Decimal in the ledger and float in simulations; money and quantity are snapped to eight decimals after each step.
"""

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from marketdata.rounding import snap

Number = TypeVar("Number")


class FillEffect(NamedTuple):
    """The sleeve after a fill, what the fill realised, and its two signed parts: `closed` + `opened` = the fill."""

    quantity: Number
    cost: Number
    realised: Number
    closed: Number
    opened: Number


def fill_apply(quantity, cost, fill_quantity, fill_price, multiplier):  # type: ignore[no-untyped-def]  # Decimal or float; numba compiles it
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


def cash_move(fill_quantity, fill_price, multiplier, fee):  # type: ignore[no-untyped-def]  # as fill_apply
    """Return what a fill moves in cash: a buyer pays its value, a seller gets it, both pay the fee."""
    return snap(-snap(fill_quantity * fill_price * multiplier) - snap(fee))


def market_value(quantity, price, multiplier):  # type: ignore[no-untyped-def]  # as fill_apply
    """Return the signed value of a quantity at a price."""
    return snap(quantity * price * multiplier)


def unrealised(quantity, cost, price, multiplier):  # type: ignore[no-untyped-def]  # as fill_apply
    """Return the profit still open: market value less cost, on both sides of the market."""
    return snap(market_value(quantity, price, multiplier) - cost)


def average_price(quantity, cost, multiplier):  # type: ignore[no-untyped-def]  # as fill_apply
    """Return the average price paid per unit, or None when the sleeve is flat."""
    if quantity == 0:
        return None
    return snap(cost / (quantity * multiplier))


class TripFill(NamedTuple):
    """One fill as the fold of round trips needs it; `at` is carried through, not computed with."""

    quantity: Number
    price: Number
    fee: Number
    multiplier: Number
    at: object = None


class Trip(NamedTuple):
    """One round trip, flat to flat: net of fees, opened and closed at."""

    net: Number
    opened_at: object
    closed_at: object


def round_trips(fills: Iterable[TripFill]) -> list[Trip]:
    """Fold the fills of one sleeve, in order, into its finished round trips.

    A flip ends one trip and begins the next; its fee is shared by quantity. A trip still open is not returned.
    """
    trips: list[Trip] = []
    quantity = cost = net = 0
    opened_at = None
    for fill in fills:
        if quantity == 0:
            opened_at, net = fill.at, 0
        effect = fill_apply(quantity, cost, fill.quantity, fill.price, fill.multiplier)
        flipped = effect.closed != 0 and effect.opened != 0
        fee_closing = snap(fill.fee * effect.closed / fill.quantity) if flipped else fill.fee
        net = net + effect.realised - fee_closing
        if effect.quantity == 0 or flipped:
            trips.append(Trip(snap(net), opened_at, fill.at))
            opened_at, net = fill.at, fee_closing - fill.fee
        quantity, cost = effect.quantity, effect.cost
    return trips
