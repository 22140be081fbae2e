"""Every fact of the gate's input, derived from a picture that can be added up by hand."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.rounding import TOLERANCE_DECIMAL
from risk.facts import InstrumentFacts, IntentFacts, Limits, StopLevel
from trading.costs import CostModel
from trading.picture import AccountPicture, Mark, WorkingOrder
from trading.terms import OrderRole, OrderType

D = Decimal
LIMITS = Limits(
    max_position_usd=D(10_000_000),
    max_position_pct=D("0.08"),
    max_user_symbol_pct=D("0.3"),
    max_order_pct=D("0.05"),
    max_leverage=D(1),
    max_positions=20,
    max_daily_loss_pct=D("0.05"),
    max_open_orders=50,
    orders_per_second=5,
    orders_per_minute=60,
    collar_pct=D("0.03"),
    reserve_collar_pct=D("0.03"),
    initial_margin_pct=D(1),
)
COSTS = CostModel(D("0.005"), D("0.001"), D(1), D(1), D(2), D("0.1"))
BUY = IntentFacts(quantity=D(10), order_type="MARKET")
SELL = IntentFacts(quantity=D(-10), order_type="MARKET")


def picture(**more):
    """10,000 cash; sleeve 1 long 100 A at 50, sleeve 2 short 20 A, sleeve 1 long 10 B at 200 with multiplier 2."""
    facts = {
        "environment": "paper",
        "kind": "cash",
        "currency": "USD",
        "cash": D(10_000),
        "reserved": D(0),
        "limits": LIMITS,
        "costs": COSTS,
        "tolerance": TOLERANCE_DECIMAL,
        "zero": D(0),
        "sleeves": {("A", "1"): D(100), ("A", "2"): D(-20), ("B", "1"): D(10)},
        "marks": {"A": Mark(D(50)), "B": Mark(D(200)), "C": Mark(D(7))},
        "instruments": {
            "A": InstrumentFacts("A", tick=D("0.01"), step=D(1), minimum_quantity=D(1), multiplier=D(1)),
            "B": InstrumentFacts("B", tick=D("0.01"), step=D(1), minimum_quantity=D(1), multiplier=D(2)),
            "C": InstrumentFacts("C", tick=D("0.01"), step=D(1), minimum_quantity=D(1), multiplier=D(1)),
        },
    }
    return AccountPicture(**{**facts, **more})


def working(key, quantity, *, symbol="A", sleeve="1", opening=None, reserve=0, **more):
    return WorkingOrder(
        key=key,
        symbol=symbol,
        sleeve=sleeve,
        quantity=D(quantity),
        opening=abs(D(quantity)) if opening is None else D(opening),
        reserve=D(reserve),
        order_type=more.pop("order_type", OrderType.MARKET),
        role=more.pop("role", OrderRole.ENTRY),
        **more,
    )


def child(key, quantity, *, pair="p", **more):
    return working(key, quantity, opening=0, protective=True, pair=pair, role=OrderRole.STOP, **more)


def facts(one, symbol="A", sleeve="1", intent=BUY, **more):
    return one.gate_input(symbol, sleeve, intent, **more)


def test_the_account_is_valued_at_the_marks():
    account = facts(picture()).account
    assert account.equity == D(10_000) + 100 * 50 - 20 * 50 + 10 * 200 * 2
    assert account.gross_notional == 100 * 50 + 20 * 50 + 10 * 200 * 2
    assert account.cash == 10_000


def test_a_symbol_is_measured_as_the_sum_of_its_sleeves_sizes():
    """Seen red by netting the sleeves."""
    symbol = facts(picture()).symbol
    assert symbol.held_quantity == 120
    assert symbol.is_open_position


def test_positions_are_counted_per_symbol_and_with_working_openings():
    """Seen red by counting sleeves."""
    one = picture()
    assert one.position_count() == 2
    one.order_add(working("o", 5, symbol="C"))
    one.order_add(working("x", -100, opening=0))
    assert facts(one).account.positions == 3
    assert facts(one, "C").symbol.is_open_position
    assert not facts(picture(), "C").symbol.is_open_position


def test_openings_count_at_their_limit_else_at_the_reference():
    one = picture()
    one.order_add(working("o1", 10))
    one.order_add(working("o2", 10, order_type=OrderType.LIMIT, limit_price=D(40)))
    one.order_add(working("o3", 10, symbol="B", order_type=OrderType.LIMIT, limit_price=D(100)))
    one.order_add(working("o4", -30, opening=0))
    assert facts(one).symbol.opening_notional == 500 + 400
    assert facts(one).account.opening_notional == 500 + 400 + 2000


def test_an_exit_counts_its_pair_once_and_held_children_not_at_all():
    """Seen red by adding stop and target."""
    one = picture()
    one.order_add(child("s", -60))
    one.order_add(child("t", -60))
    one.order_add(child("hs", -500, pair="q", held=True))
    one.order_add(working("x", -15, opening=0))
    one.order_add(working("flip", -25, opening=20))
    one.order_add(child("other", 20, sleeve="2", pair="r"))
    assert facts(one, intent=SELL).sleeve.exits_working == 60 + 15 + 5
    assert facts(one, intent=SELL).sleeve.quantity == 100


def test_what_is_cancelled_first_does_not_count():
    one = picture()
    one.order_add(child("s", -100))
    one.order_add(child("t", -100))
    one.order_add(working("o", 10, reserve=515))
    assert facts(one, intent=SELL, excluding=one.protective_keys("A", "1")).sleeve.exits_working == 0
    replaced = facts(one, excluding=("o",)).account
    assert (replaced.reserved, replaced.opening_notional, replaced.open_orders) == (0, 0, 2)


def test_the_reserve_moves_with_the_orders():
    one = picture(reserved=D(100))
    one.order_add(working("o", 10, reserve=515))
    one.order_add(working("o", 4, reserve=206))
    assert one.reserved == 306
    one.orders_drop(("o", "unknown"))
    assert one.reserved == 100


def test_held_children_are_no_open_orders():
    one = picture()
    one.order_add(working("o", 10))
    one.order_add(child("s", -10, held=True))
    assert facts(one).account.open_orders == 1


def test_a_stale_or_missing_mark_is_no_fresh_reference():
    """Seen red by taking any mark for fresh."""
    assert facts(picture()).market.reference_fresh
    stale = picture()
    stale.marks["A"] = Mark(D(50), fresh=False)
    assert not facts(stale).market.reference_fresh
    assert facts(stale).market.reference_price == 50
    assert facts(stale, "B").market.reference_fresh
    assert facts(picture(), "Z").market.reference_price is None


def test_a_holding_without_a_mark_leaves_no_reference_fresh():
    blind = picture()
    del blind.marks["B"]
    assert not facts(blind).market.reference_fresh


def test_an_unknown_symbol_is_said_to_be_unknown():
    assert not facts(picture(), "Z").instrument.known


def test_only_resting_limits_of_other_sleeves_on_the_other_side_oppose():
    """Seen red by leaving the side out."""
    one = picture()
    limit = {"order_type": OrderType.LIMIT, "limit_price": D(49)}
    one.order_add(working("mine", -5, **limit))
    one.order_add(working("same side", 5, sleeve="2", **limit))
    one.order_add(working("opposed", -5, sleeve="2", **limit))
    one.order_add(child("protective", -5, sleeve="2", **limit))
    one.order_add(working("market", -5, sleeve="2"))
    one.order_add(working("other symbol", -5, sleeve="2", symbol="B", **limit))
    stop_limit = {"order_type": OrderType.STOP_LIMIT, "limit_price": D(48), "stop_price": D(49)}
    one.order_add(working("untriggered", -5, sleeve="2", **stop_limit))
    one.order_add(working("triggered", -5, sleeve="2", triggered=True, **stop_limit))
    assert facts(one).symbol.opposing_limit_prices == (D(49), D(48))
    assert facts(one, intent=SELL).symbol.opposing_limit_prices == (D(49),)


def test_the_users_other_accounts_are_told_apart():
    alone = facts(picture())
    assert (alone.symbol.user_notional, alone.symbol.user_equity) == (0, alone.account.equity)
    several = facts(picture(user_notional={"A": D(900)}, user_equity=D(50_000)))
    assert (several.symbol.user_notional, several.symbol.user_equity) == (900, 50_000)


@pytest.mark.parametrize(
    ("account", "sleeve", "level"),
    [
        (StopLevel.ACTIVE, StopLevel.ACTIVE, StopLevel.ACTIVE),
        (StopLevel.ACTIVE, StopLevel.HALTED, StopLevel.HALTED),
        (StopLevel.HALTED, StopLevel.REDUCING, StopLevel.HALTED),
        (StopLevel.REDUCING, StopLevel.ACTIVE, StopLevel.REDUCING),
    ],
)
def test_the_strictest_stop_level_wins(account, sleeve, level):
    one = picture(stop_level=account, stop_reasons=("a",), sleeve_stops={"1": (sleeve, ("b",))})
    assert facts(one).account.stop_level is level
    assert facts(one).account.stop_reasons == ("a", "b")
    assert facts(one, sleeve="2").account.stop_level is account


def test_costs_and_the_day_are_handed_on():
    told = facts(picture(day_start_equity=D(18_500), day_flows=D(250), session_open=False))
    assert (told.fee_rate, told.fee_per_unit, told.fee_minimum) == (D("0.001"), D("0.005"), D(1))
    assert (told.account.day_start_equity, told.account.day_flows) == (18_500, 250)
    assert not told.market.session_open
    assert told.tolerance is TOLERANCE_DECIMAL


def test_what_a_sleeve_will_hold_takes_its_exits_off_and_leaves_protection_out():
    one = picture()
    one.order_add(working("x", -70, opening=0))
    one.order_add(child("s", -100))
    one.order_add(working("o", 40))
    assert one.sleeve_expected("A", "1") == 30


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("12"), st.integers(-500, 500)), max_size=8))
def test_equity_and_gross_notional_agree_with_their_definitions(holdings):
    one = replace(picture(), sleeves={(symbol, sleeve): D(quantity) for symbol, sleeve, quantity in holdings})
    values = {key: quantity * one.unit_value(key[0]) for key, quantity in one.sleeves.items()}
    assert one.equity() == one.cash + sum(values.values())
    assert one.gross_notional() == sum(abs(value) for value in values.values())
    assert sum(one.held_quantity(symbol) for symbol in "ABC") == sum(abs(q) for q in one.sleeves.values())
