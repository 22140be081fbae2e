"""From targets to intents, and from intents to verdicts, judged by the real gate."""

import math
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.rounding import TOLERANCE_DECIMAL, TOLERANCE_FLOAT
from risk.facts import InstrumentFacts, Limits, Origin, StopLevel
from trading.costs import CostModel
from trading.intents import (
    Asker,
    Intent,
    decide,
    entry_intent,
    exit_intent,
    intent_from_signal,
    intents_from_changes,
    order_intents,
    size_quantity,
    targets_step,
)
from trading.picture import AccountPicture, Mark, WorkingOrder
from trading.signals import Signal
from trading.terms import Direction, OnLimit, OrderRole, OrderType, TargetKind, TimeInForce, Verdict

D = Decimal
NAN = math.nan
LONG, BOTH = Direction.LONG, Direction.BOTH
CUT, DENY = OnLimit.CUT, OnLimit.DENY


def limits(number=D, **more):
    unset = {
        "max_position_usd": number("10000000"),
        "max_position_pct": number("0.08"),
        "max_user_symbol_pct": number("1"),
        "max_order_pct": number("0.05"),
        "max_leverage": number("1"),
        "max_positions": 20,
        "max_daily_loss_pct": number("0.05"),
        "max_open_orders": 50,
        "orders_per_second": 5,
        "orders_per_minute": 60,
        "collar_pct": number("0.03"),
        "reserve_collar_pct": number("0.03"),
        "initial_margin_pct": number("1"),
    }
    return Limits(**{**unset, **more})


def picture(number=D, kind="cash", price="200", sleeves=None, **more):
    zero = number("0")
    facts = {
        "environment": "paper",
        "kind": kind,
        "currency": "USD",
        "cash": number("100000"),
        "reserved": zero,
        "limits": limits(number),
        "costs": CostModel(zero, zero, zero, number("1"), number("2"), number("0.1")),
        "tolerance": TOLERANCE_DECIMAL if number is D else TOLERANCE_FLOAT,
        "zero": zero,
        "sleeves": {key: number(str(value)) for key, value in (sleeves or {}).items()},
        "marks": {"GOOG": Mark(number(price)), "AAPL": Mark(number("50"))},
        "instruments": {
            symbol: InstrumentFacts(symbol, True, "USD", number("0.01"), *(number("1"),) * 3)
            for symbol in ("GOOG", "AAPL")
        },
    }
    return AccountPicture(**{**facts, **more})


def asker(number=D, **more):
    facts = {"sleeve": "7", "name": "Donchian 20/10", "deployment_id": 7, "position_size": number("0.05")}
    return Asker(**{**facts, **more})


class TestTargetsStep:
    """A target is a level, acted on only when it changes."""

    def test_the_first_row_is_adopted(self):
        step = targets_step(None, {"A": 1.0, "B": 0.0}, {}, LONG)
        assert step.changes == ("A", "B")
        assert step.effective == {"A": 1.0, "B": 0.0}

    def test_an_unchanged_level_is_no_change(self):
        """Seen red by acting on every level that is not zero."""
        assert targets_step({"A": 1.0, "B": 0.0}, {"A": 1.0, "B": 1.0}, {}, LONG).changes == ("B",)

    def test_nan_keeps(self):
        step = targets_step({"A": 1.0, "B": 0.0}, {"A": NAN, "B": NAN, "C": NAN}, {}, LONG)
        assert step.changes == ()
        assert step.row == {"A": 1.0, "B": 0.0, "C": 0}

    def test_a_symbol_that_joins_late_changes_from_flat(self):
        assert targets_step({"A": 0.0}, {"A": 0.0, "FB": 1.0}, {}, LONG).changes == ("FB",)

    def test_direction_long_takes_a_short_for_flat(self):
        assert targets_step({"A": 1.0}, {"A": -1.0}, {}, LONG).effective == {"A": 0.0}
        assert targets_step({"A": 1.0}, {"A": -1.0}, {}, BOTH).effective == {"A": -1.0}
        assert targets_step({"A": 0.0}, {"A": -1.0}, {}, LONG).changes == ()

    def test_a_latch_holds_flat_until_the_target_returns_to_zero(self):
        """Seen red by releasing a latch at the next row."""
        latched = {"A": 1}
        step = targets_step({"A": 1.0}, {"A": 1.0}, latched, LONG)
        assert (step.changes, step.effective, step.latched) == ((), {"A": 0.0}, latched)
        step = targets_step(step.row, {"A": NAN}, step.latched, LONG)
        assert step.latched == latched
        step = targets_step(step.row, {"A": 0.0}, step.latched, LONG)
        assert (step.latched, step.released) == ({}, ("A",))
        step = targets_step(step.row, {"A": 1.0}, step.latched, LONG)
        assert (step.changes, step.effective) == (("A",), {"A": 1.0})

    def test_a_latch_ends_when_the_target_changes_sign(self):
        step = targets_step({"A": 1.0}, {"A": -1.0}, {"A": 1}, BOTH)
        assert (step.changes, step.effective, step.released) == (("A",), {"A": -1.0}, ("A",))

    def test_another_weight_of_the_same_sign_stays_latched(self):
        assert targets_step({"A": 0.3}, {"A": 0.5}, {"A": 1}, LONG).changes == ()

    def test_a_latch_survives_a_restart(self):
        assert targets_step(None, {"A": 1.0}, {"A": 1}, LONG).changes == ()

    def test_the_rebalance_band(self):
        """Seen red by ignoring the band."""
        told = {"weights": {"A": 0.34, "B": 0.31}, "rebalance_band": 0.03}
        row = {"A": 0.3, "B": 0.3}
        assert targets_step(row, row, {}, LONG, **told).changes == ("A",)
        assert targets_step(row, row, {}, LONG).changes == ()


class TestSize:
    def test_spy_reference_of_lean(self):
        """SPY 2013-10-07: (100,000 - 250) / 143.0 comes to 697 whole shares."""
        assert size_quantity(D(1), D(99_750), D("143.0"), D(1), D(1), D(1)) == 697

    def test_below_the_minimum_is_nothing(self):
        assert size_quantity(D("0.05"), D(1000), D(200), D(1), D(1), D(1)) == 0
        assert size_quantity(D("0.05"), D(1000), D(200), D(1), D("0.01"), D("0.5")) == 0
        assert size_quantity(D("0.05"), D(1000), D(200), D(1), D("0.01"), D("0.1")) == D("0.25")

    def test_the_multiplier_counts(self):
        assert size_quantity(D("0.05"), D(100_000), D(50), D(10), D(1), D(1)) == 10

    def test_without_equity_nothing(self):
        assert size_quantity(D("0.05"), D(-5), D(50), D(1), D(1), D(1)) == 0


class TestIntentsFromChanges:
    def intents(self, target, one=None, who=None, previous=None, again=()):
        step = targets_step(previous, {"GOOG": target}, {}, BOTH)
        return intents_from_changes(step, who or asker(), one or picture(), again)

    def test_an_opening_is_market_day_of_the_position_size(self):
        (intent,) = self.intents(1.0)
        assert (intent.quantity, intent.role, intent.order_type) == (25, OrderRole.ENTRY, OrderType.MARKET)
        assert (intent.time_in_force, intent.reduce_only, intent.exits) == (TimeInForce.DAY, False, False)

    def test_an_exit_is_market_gtc_of_the_whole_sleeve(self):
        (intent,) = self.intents(0.0, picture(sleeves={("GOOG", "7"): 24, ("GOOG", ""): 10}))
        assert (intent.quantity, intent.role, intent.time_in_force) == (-24, OrderRole.EXIT, TimeInForce.GTC)
        assert (intent.reduce_only, intent.closes_sleeve) == (True, True)

    def test_a_flip_is_an_exit_and_an_opening(self):
        exit_, entry = self.intents(-1.0, picture(kind="margin", cash=D(95_200), sleeves={("GOOG", "7"): 24}))
        assert (exit_.quantity, entry.quantity) == (-24, -25)

    def test_flat_and_flat_is_nothing(self):
        assert self.intents(0.0) == []

    def test_a_sleeve_on_its_side_is_left_alone_by_a_signal(self):
        assert self.intents(1.0, picture(sleeves={("GOOG", "7"): 3})) == []

    def test_what_an_exit_is_already_closing_is_not_closed_again(self):
        one = picture(sleeves={("GOOG", "7"): 24})
        one.order_add(WorkingOrder("x", "GOOG", "7", D(-24), D(0), D(0), OrderType.MARKET, OrderRole.EXIT))
        assert self.intents(0.0, one) == []

    def test_weights_move_the_sleeve_to_its_share(self):
        who = asker(kind=TargetKind.WEIGHTS)
        one = picture(cash=D(80_000), sleeves={("GOOG", "7"): 100})
        assert [i.quantity for i in self.intents(D("0.3"), one, who)] == [50]
        (less,) = self.intents(D("0.1"), one, who)
        assert (less.quantity, less.role, less.closes_sleeve) == (-50, OrderRole.EXIT, False)
        assert self.intents(D("0.2"), one, who) == []

    def test_capital_of_the_deployment_comes_before_equity(self):
        assert self.intents(1.0, who=asker(capital=D(20_000)))[0].quantity == 5

    def test_a_cut_weight_is_asked_again_though_it_did_not_change(self):
        who, row = asker(kind=TargetKind.WEIGHTS), {"GOOG": D("0.3")}
        one = picture(cash=D(80_000), sleeves={("GOOG", "7"): 100})
        assert self.intents(D("0.3"), one, who, previous=row) == []
        (rest,) = self.intents(D("0.3"), one, who, previous=row, again=("GOOG",))
        assert (rest.quantity, rest.again) == (50, True)

    def test_without_a_price_the_smallest_order_asks(self):
        one = picture()
        del one.marks["GOOG"]
        assert self.intents(1.0, one)[0].quantity == 1


class TestSignals:
    def test_hold_is_nothing(self):
        assert intent_from_signal(Signal("GOOG", "HOLD"), asker(), picture()) is None

    def test_quantity_none_is_the_position_size(self):
        assert intent_from_signal(Signal("GOOG", "BUY"), asker(), picture()).quantity == 25

    def test_a_sell_reduces_first_and_is_cut_to_the_position_of_a_cash_account(self):
        held = {("GOOG", "7"): 10}
        intent = intent_from_signal(Signal("GOOG", "SELL", D(30)), asker(), picture(sleeves=held))
        assert (intent.quantity, intent.reduce_only, intent.closes_sleeve) == (-10, True, True)
        margin = intent_from_signal(Signal("GOOG", "SELL", D(30)), asker(), picture(kind="margin", sleeves=held))
        assert (margin.quantity, margin.reduce_only, margin.exits) == (-30, False, True)

    def test_prices_and_the_seeds_stop_loss(self):
        intent = intent_from_signal(Signal("GOOG", "BUY", D(5), "STOP_LOSS", stop_price=D(210)), asker(), picture())
        assert (intent.order_type, intent.stop_price) == (OrderType.STOP, D(210))


def test_reductions_come_first_then_priority_deployment_and_symbol():
    """Seen red by leaving the reductions where they are."""
    first, second = asker(priority=1, deployment_id=9), asker(priority=2, deployment_id=1)
    wishes = [
        entry_intent("B", second, D(1), 1),
        entry_intent("B", first, D(1), 1),
        entry_intent("A", first, D(1), 1),
        exit_intent("Z", second, D(-1), closes_sleeve=True),
    ]
    assert [(i.symbol, i.priority) for i in order_intents(wishes)] == [("Z", 2), ("A", 1), ("B", 1), ("B", 2)]


def buy(quantity, **more):
    return replace(entry_intent("GOOG", asker(), D(quantity), 1), **more)


def sell(quantity, **more):
    return replace(exit_intent("GOOG", asker(), D(-quantity), closes_sleeve=True), **more)


class TestDecide:
    """`decide` on the real gate."""

    def test_what_passes_is_allowed_whole(self):
        outcome = decide(picture(), buy(24), DENY)
        assert (outcome.verdict, outcome.quantity) == (Verdict.ALLOW, 24)
        assert outcome.text == "Donchian 20/10 buys 24 GOOG."
        assert outcome.order_result is outcome.gate_result
        assert outcome.order_result.reserve == 24 * 200 * D("1.03")

    def test_the_sentence_of_a_denial(self):
        """Seen red by naming the asked size as the passing one. 25 GOOG held is 5.0 % of 100,000; 8 % leaves 15."""
        one = picture(cash=D(95_000), sleeves={("GOOG", "3"): 25})
        outcome = decide(one, buy(24), DENY)
        assert (outcome.verdict, outcome.quantity, outcome.rule) == (Verdict.DENY, 0, "POSITION_PCT")
        assert outcome.text.startswith(
            "Donchian 20/10 wanted to buy 24 GOOG; the account already holds 5.0 % of its 8 % limit"
        )
        assert outcome.text.endswith("; 15 would have passed.")
        assert outcome.order_result is None

    def test_a_cut_order_is_judged_again_at_its_size(self):
        """Seen red by sending the asked size."""
        outcome = decide(picture(cash=D(95_000), sleeves={("GOOG", "3"): 25}), buy(24), CUT)
        assert (outcome.verdict, outcome.wanted, outcome.quantity) == (Verdict.CUT, 24, 15)
        assert outcome.order_result.allowed
        assert outcome.order_result.reserve == 15 * 200 * D("1.03")
        assert outcome.text.endswith("; 15 passed.")
        assert not outcome.ask_again

    def test_cut_below_the_minimum_is_too_small(self):
        outcome = decide(picture(cash=D(92_000), sleeves={("GOOG", "3"): 40}), buy(24), CUT)
        assert (outcome.verdict, outcome.quantity) == (Verdict.TOO_SMALL, 0)

    def test_a_size_below_the_minimum_is_too_small(self):
        outcome = decide(picture(), buy(0), DENY)
        assert outcome.verdict is Verdict.TOO_SMALL
        assert outcome.text == (
            "Donchian 20/10 wanted to buy some GOOG; its size comes to less than the smallest order of 1."
        )

    def test_a_rule_that_no_size_satisfies_denies_also_under_cut(self):
        one = picture(limits=limits(allowed_symbols=frozenset({"AAPL"})))
        assert decide(one, buy(5), CUT).verdict is Verdict.DENY

    @pytest.mark.parametrize("level", [StopLevel.REDUCING, StopLevel.HALTED])
    def test_openings_are_stopped(self, level):
        outcome = decide(picture(stop_level=level, stop_reasons=("daily loss",)), buy(5), CUT)
        assert (outcome.verdict, outcome.quantity) == (Verdict.STOPPED, 0)
        assert "daily loss" in outcome.text

    def test_an_exit_passes_every_limit_and_names_what_it_cancels(self):
        """Seen red by judging the exit with its own bracket still counted."""
        one = picture(sleeves={("GOOG", "7"): 24}, limits=limits(max_position_pct=None, max_daily_loss_pct=None))
        one.order_add(_child("s", D(-24)))
        one.order_add(_child("t", D(-24)))
        outcome = decide(one, sell(24), DENY)
        assert (outcome.verdict, outcome.quantity) == (Verdict.ALLOW, -24)
        assert outcome.cancels_first == ("s", "t")
        assert outcome.order_result.reserve == 0

    def test_an_exit_passes_while_reducing_and_not_while_halted(self):
        held = {("GOOG", "7"): 24}
        assert decide(picture(sleeves=held, stop_level=StopLevel.REDUCING), sell(24), CUT).verdict is Verdict.ALLOW
        halted = picture(sleeves=held, stop_level=StopLevel.HALTED)
        assert decide(halted, sell(24), CUT).verdict is Verdict.STOPPED
        assert decide(halted, sell(24, origin=Origin.PERSON), DENY).verdict is Verdict.ALLOW

    def test_a_hand_sell_beyond_the_position_of_a_cash_account_is_cut_to_it(self):
        one = picture(sleeves={("GOOG", ""): 10})
        hand = Intent("GOOG", "", D(-30), OrderRole.MANUAL, origin=Origin.PERSON, name="Alice")
        outcome = decide(one, hand, DENY)
        assert (outcome.verdict, outcome.quantity) == (Verdict.CUT, -10)
        assert decide(picture(), hand, DENY).verdict is Verdict.DENY

    def test_a_cut_weight_stays_asked_and_its_rest_is_silent_without_room(self):
        target = {"kind": TargetKind.WEIGHTS, "target": D("0.3")}
        assert decide(picture(), buy(150, **target), CUT).ask_again
        full = picture(cash=D(92_000), sleeves={("GOOG", "7"): 40})
        outcome = decide(full, buy(110, again=True, **target), CUT)
        assert (outcome.verdict, outcome.ask_again) == (Verdict.SKIPPED, True)

    def test_a_stale_price_denies_an_opening_and_no_exit(self):
        one = picture(sleeves={("GOOG", "7"): 24})
        one.marks["GOOG"] = Mark(D(200), fresh=False)
        assert decide(one, buy(5), CUT).rule == "STALE_REFERENCE"
        assert decide(one, sell(24), CUT).verdict is Verdict.ALLOW

    def test_a_quantity_that_is_no_number_is_no_intent(self):
        with pytest.raises(ValueError, match="finite"):
            buy("NaN")


def _child(key, quantity):
    return WorkingOrder(
        key, "GOOG", "7", quantity, D(0), D(0), OrderType.STOP, OrderRole.STOP, protective=True, pair="p"
    )


@given(
    st.integers(1, 400),
    st.integers(0, 60),
    st.integers(2_000, 60_000),
    st.sampled_from([CUT, DENY]),
    st.sampled_from(["cash", "margin"]),
    st.booleans(),
)
def test_decimal_and_float_decide_alike_and_a_cut_is_never_more_than_asked(wanted, held, cents, on_limit, kind, buys):
    outcomes = []
    for number in (D, float):
        one = picture(number, kind, str(D(cents) / 100), {("GOOG", "3"): held, ("GOOG", "7"): held})
        intent = Intent("GOOG", "7", number(str(wanted if buys else -wanted)), OrderRole.ENTRY, name="Law")
        outcomes.append(decide(one, intent, on_limit))
    exact, fast = outcomes
    assert (exact.verdict, float(exact.quantity), exact.rule) == (fast.verdict, fast.quantity, fast.rule)
    assert abs(exact.quantity) <= wanted
    if exact.verdict in (Verdict.ALLOW, Verdict.CUT):
        assert exact.order_result.allowed
        assert exact.quantity * (1 if buys else -1) > 0
    else:
        assert exact.quantity == 0
