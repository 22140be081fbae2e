"""Laws of the accounting of one sleeve: conservation, flips, no dust, and the two number types agreeing."""

from decimal import Decimal
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from marketdata.rounding import decimal_from_float, snap
from portfolio.accounting import (
    average_price,
    cash_move,
    fill_apply,
    market_value,
    round_trips,
    sleeve_fold,
    unrealised,
)

ONE = Decimal(1)
UNIT = Decimal("0.00000001")

quantities = st.integers(-500, 500).filter(bool).map(Decimal)
fractional = st.decimals(-500, 500, places=8, allow_nan=False).filter(bool)
prices = st.decimals("0.0001", 1000, places=4, allow_nan=False)
fees = st.decimals(0, 50, places=8, allow_nan=False)
multipliers = st.sampled_from([Decimal(1), Decimal(50), Decimal(100)])
fills = st.lists(st.tuples(st.one_of(quantities, fractional), prices, fees), min_size=1, max_size=25)


class Fill(NamedTuple):
    quantity: Decimal
    price: Decimal
    fee: Decimal
    executed_at: int = 0


def fold(sequence, multiplier=ONE):
    """Fold fills as the ledger does: quantity, cost, realised, cash, fees."""
    zero = multiplier - multiplier
    quantity, cost, realised, cash, paid = zero, zero, zero, zero, zero
    for fill_quantity, price, fee in sequence:
        effect = fill_apply(quantity, cost, fill_quantity, price, multiplier)
        quantity, cost = effect.quantity, effect.cost
        realised = snap(realised + effect.realised)
        cash = snap(cash + cash_move(fill_quantity, price, multiplier, fee))
        paid = snap(paid + fee)
    return quantity, cost, realised, cash, paid


@given(sequence=fills, mark=prices, multiplier=multipliers)
def test_money_is_conserved(sequence, mark, multiplier):
    """cash + market value = realised + unrealised - fees, to the last decimal.

    Seen red: `realised` left out of a partial close, and the snap of the removed cost taken out.
    """
    quantity, cost, realised, cash, paid = fold(sequence, multiplier)
    value = market_value(quantity, mark, multiplier)
    assert cash + value == realised + unrealised(quantity, cost, mark, multiplier) - paid


@given(sequence=fills, multiplier=multipliers)
def test_quantity_is_the_sum_of_fills_and_flat_is_free_of_dust(sequence, multiplier):
    """Seen red: closing at the snapped average price, which leaves dust behind on thirds."""
    quantity, cost, *_ = fold(sequence, multiplier)
    assert quantity == sum(q for q, _, _ in sequence)
    closed = fill_apply(quantity, cost, -quantity, Decimal(7), multiplier) if quantity else None
    if closed:
        assert (closed.quantity, closed.cost) == (0, 0)
    else:
        assert cost == 0


@given(held=quantities, paid=prices, beyond=quantities, price=prices, multiplier=multipliers)
def test_a_flip_is_a_close_and_an_open(held, paid, beyond, price, multiplier):
    """Seen red: opening the flipped part at the average of old and new price."""
    beyond = abs(beyond) if held < 0 else -abs(beyond)
    cost = market_value(held, paid, multiplier)
    flip = fill_apply(held, cost, beyond - held, price, multiplier)
    close = fill_apply(held, cost, -held, price, multiplier)
    opening = fill_apply(close.quantity, close.cost, beyond, price, multiplier)
    assert (flip.quantity, flip.cost) == (opening.quantity, opening.cost)
    assert flip.realised == close.realised + opening.realised
    assert (flip.closed, flip.opened) == (-held, beyond)


@given(held=fractional, paid=prices, beyond=fractional, price=prices)
def test_a_flip_in_fractions_is_close_and_open_to_the_last_unit(held, paid, beyond, price):
    """Where a value needs more than eight decimals, one rounding stands where close and open make two."""
    beyond = abs(beyond) if held < 0 else -abs(beyond)
    cost = market_value(held, paid, ONE)
    flip = fill_apply(held, cost, beyond - held, price, ONE)
    close = fill_apply(held, cost, -held, price, ONE)
    assert abs(flip.realised - close.realised) <= UNIT


def as_floats(sequence):
    return [(float(q), float(p), float(f)) for q, p, f in sequence]


@given(turns=st.lists(st.tuples(quantities, prices, prices, fees), min_size=1, max_size=12))
def test_decimal_and_float_are_equal_over_whole_turns(turns):
    """Adding, closing in full and flipping agree at every decimal.

    Seen red: with a float snap that floors instead of rounding to the nearest.
    """
    sequence = [row for q, buy, sell, fee in turns for row in ((q, buy, fee), (q, sell, fee), (-2 * q, sell, fee))]
    assert tuple(decimal_from_float(value) for value in fold(as_floats(sequence), 1.0)) == fold(sequence)


@given(sequence=st.lists(st.tuples(quantities, prices, fees), min_size=1, max_size=25))
def test_decimal_and_float_agree_through_partial_closes(sequence):
    """The cost a partial close removes is a quotient: within float noise of a half it may fall to either side.

    Quantity, cash and fees never part; cost and profit by at most one last unit a close.
    Seen red: with // for / in the removed cost, which Decimal cuts towards zero and float towards minus infinity.
    """
    exact = fold(sequence)
    floating = tuple(decimal_from_float(value) for value in fold(as_floats(sequence), 1.0))
    assert (floating[0], floating[3], floating[4]) == (exact[0], exact[3], exact[4])
    assert abs(floating[1] - exact[1]) <= len(sequence) * UNIT
    assert abs(floating[2] - exact[2]) <= len(sequence) * UNIT


@given(sequence=fills)
def test_a_mirrored_market_gives_a_mirrored_book(sequence):
    """Long and short are the same rule: negate every fill and quantity, cost and realised profit negate."""
    quantity, cost, realised, *_ = fold(sequence)
    assert fold([(-q, p, f) for q, p, f in sequence])[:3] == (-quantity, -cost, -realised)


def test_average_cost_of_a_long_position():
    """By hand: 100 at 9 and 100 at 11 average 10; 50 sold at 15 gain 250 and leave 1500."""
    quantity, cost, *_ = fold([(Decimal(100), Decimal(9), Decimal(0)), (Decimal(100), Decimal(11), Decimal(0))])
    assert average_price(quantity, cost, ONE) == 10
    effect = fill_apply(quantity, cost, Decimal(-50), Decimal(15), ONE)
    assert (effect.quantity, effect.cost, effect.realised) == (150, 1500, 250)


def test_a_short_gains_when_the_price_falls():
    effect = fill_apply(Decimal(-10), Decimal(-1000), Decimal(4), Decimal(90), ONE)
    assert effect == (Decimal(-6), Decimal(-600), Decimal(40), Decimal(4), Decimal(0))
    assert unrealised(effect.quantity, effect.cost, Decimal(90), ONE) == 60


def test_a_flat_sleeve_has_no_average_price():
    assert average_price(Decimal(0), Decimal(0), ONE) is None


def trips(*rows):
    return [trip.net for trip in round_trips((Fill(Decimal(q), Decimal(p), Decimal(f)) for q, p, f in rows), ONE)]


def test_a_round_trip_is_net_of_all_its_fees():
    assert trips((10, 100, 1), (10, 102, 1), (-5, 110, 1), (-15, 110, 2)) == [Decimal(175)]


def test_an_open_trip_is_not_counted():
    assert trips((10, 100, 1), (-10, 101, 1), (10, 100, 1)) == [Decimal(8)]


def test_a_flip_ends_one_trip_and_shares_its_fee():
    """Sell 30 on a long of 10 for a fee of 3: one part of three belongs to the trip that ends."""
    assert trips((10, 100, 0), (-30, 110, 3), (20, 100, 0)) == [Decimal(99), Decimal(198)]


@given(sequence=fills)
def test_round_trips_add_up_to_realised_less_fees(sequence):
    """Seen red: charging the whole fee of a flip to the trip it opens, on top of the share of the one it ends."""
    quantity, cost, realised, _, paid = fold(sequence)
    if quantity:
        sequence = [*sequence, (-quantity, Decimal(10), Decimal(0))]
        realised += fill_apply(quantity, cost, -quantity, Decimal(10), ONE).realised
    nets = [trip.net for trip in round_trips((Fill(q, p, f) for q, p, f in sequence), ONE)]
    assert sum(nets) == realised - paid


@given(sequence=fills, cut=st.integers(0, 25), multiplier=multipliers)
def test_a_fold_may_stop_and_go_on(sequence, cut, multiplier):
    """Booking one fill at a time keeps what folding all of them derives."""
    rows = [Fill(q, p, f, n) for n, (q, p, f) in enumerate(sequence)]
    whole = sleeve_fold(rows, multiplier)
    assert sleeve_fold(rows[cut:], multiplier, sleeve_fold(rows[:cut], multiplier)) == whole
    assert tuple(whole[:3]) == fold(sequence, multiplier)[:3]


def test_a_sleeve_opens_anew_after_flat_and_at_a_flip():
    rows = [Fill(Decimal(q), Decimal(5), Decimal(0), n) for n, q in enumerate((10, 5, -15, 4, -9))]
    assert [sleeve_fold(rows[:n], ONE).opened_at for n in range(6)] == [None, 0, 0, None, 3, 4]
    assert sleeve_fold(rows, ONE).updated_at == 4
