"""The reference engine against tables worked out by hand, and the laws it shares with paper.

Seen red: letting orders enter on the bar of their signal broke `test_twenty_bars_by_hand`, and so did keeping children
alive over an exit; without latches `test_a_latched_weight_is_not_rebought` bought, without the snap of cash
`test_cash_keeps_eight_decimals` drifted, with the whole panel shown `test_rows_before_the_anchor_are_invisible` saw it.
"""

import os
import pickle
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from backtests import engine
from backtests.config import CashEvent, limits_default
from backtests.results import result_performance, result_summary, result_tables
from marketdata.rounding import snap
from risk.facts import InstrumentFacts
from tests.backtests.markets import config, day, deployment, flat, panel_of, scripted, speaking
from trading.costs import CostModel
from trading.strategies.buy_and_hold import BuyAndHold
from trading.strategies.donchian import Donchian
from trading.strategies.rsi_reversion import RsiReversion
from trading.strategies.sma_cross import SmaCross
from trading.terms import Direction, OnLimit

FREE = CostModel()

# open, high, low, close, volume; target at that close; what the next comment says happens by hand
TWENTY = [
    ((100, 101, 99, 100), 0),
    ((100, 101, 99, 100), 1),  # wants 10 % of 100,000 at 100: 100 shares, stop 98.00, target 105.00
    ((101, 103, 99, 102), 1),  # 101 + 3 bps = 101.0303, up to 101.04; fee max(1, 100 x 0.01)
    ((102, 104, 100, 103), 1),
    ((95, 97, 94, 96), 1),  # gap through the stop: 95 - 2 bps = 94.981, down to 94.98; latched
    ((96, 97, 95, 96), 1),  # still wanted, still latched: flat
    ((96, 97, 95, 96), 0),  # the target returns to zero: released
    ((96, 97, 95, 96), 1),  # 9,939.20 / 96 = 103; stop 94.08, target 100.80
    ((96, 101, 94, 97), 1),  # in at 96.0288 up to 96.03; both inside: stop first, 94.08 - 2 bps down to 94.06
    ((97, 98, 96, 97), 0),
    ((97, 98, 96, 97), 1),  # 9,918.703 / 97 = 102; stop 95.06, target 101.85
    ((97, 100, 96, 99), 1),  # in at 97.0291 up to 97.03; fee 1.02
    ((100, 103, 99, 101), 1),  # traded through the target: 101.85 exactly
    ((101, 102, 100, 101), 0),
    ((101, 102, 100, 101), 1),  # 9,967.663 / 101 = 98; stop 98.98, target 106.05
    ((101, 102, 100, 101), 0),  # in at 101.04, fee is the minimum 1.00; wants out: children cancelled
    ((98, 107, 95, 100), 0),  # gapped below the stop, which is gone: out at 98 - 3 bps = 97.9706 down to 97.97
    ((100, 101, 99, 100), 1),  # 9,937.377 / 100 = 99; stop 98.00, target 105.00
    ((100, 101, 99, 100, 500), 1),  # a tenth of 500: 50 at 100.03, the other 49 end with the day
    ((99, 99.5, 97, 97, 400), 1),  # stop 98 - 2 bps = 97.9804 down to 97.98, 40 of 50
    ((96, 97, 95, 96), 1),  # the remaining 10 at the open: 96 - 3 bps = 95.9712 down to 95.97; the fee was paid
]
BY_HAND = [
    # row, phase, role, quantity, price, fee
    (2, "OPEN", "entry", 100, "101.04", "1"),
    (4, "OPEN", "stop", -100, "94.98", "1"),
    (8, "OPEN", "entry", 103, "96.03", "1.03"),
    (8, "CLOSE", "stop", -103, "94.06", "1.03"),
    (11, "OPEN", "entry", 102, "97.03", "1.02"),
    (12, "CLOSE", "target", -102, "101.85", "1.02"),
    (15, "OPEN", "entry", 98, "101.04", "1"),
    (16, "OPEN", "exit", -98, "97.97", "1"),
    (18, "OPEN", "entry", 50, "100.03", "1"),
    (19, "CLOSE", "stop", -40, "97.98", "1"),
    (20, "OPEN", "stop", -10, "95.97", "0"),
]
CLOSES_BY_HAND = {1: "100000", 2: "100095", 4: "99392", 8: "99187.03", 12: "99676.63", 16: "99373.77", 20: "99249.17"}


def twenty(number):
    panel = panel_of({"AAA": [bar for bar, _ in TWENTY]})
    script = scripted({"AAA": [target for _, target in TWENTY]})
    costs = CostModel(
        commission_per_share=0.01, commission_minimum=1, half_spread_bps=1, slippage_bps=2, volume_cap=0.1
    )
    terms = config(deployment(script, position_size=0.1), rows=len(TWENTY), costs=costs, number=number)
    return engine.run(terms, panel), terms


@pytest.mark.parametrize("number", [float, Decimal])
def test_twenty_bars_by_hand(number):
    result, _ = twenty(number)
    made = [(f.session_on, f.phase, f.role, f.quantity, f.price, f.fee) for f in result.fills]
    assert made == [(day(row), phase, role, q, number(p), number(fee)) for row, phase, role, q, p, fee in BY_HAND]
    closes = {v.session_on: v.equity for v in result.valuations if v.phase == "CLOSE"}
    assert {row: closes[day(row)] for row in CLOSES_BY_HAND} == {r: number(e) for r, e in CLOSES_BY_HAND.items()}
    assert [fill.both_inside for fill in result.fills].index(True) == 3
    assert result.cash == number("99249.17")
    assert not result.sleeves


def test_the_summary_counts_what_happened():
    result, terms = twenty(float)
    request = {"strategy": "scripted", "start_date": "a", "end_date": "b", "symbols": ["AAA"], "parameters": {}}
    summary = result_summary(result, terms, request)
    assert summary["num_trades"] == 11
    assert summary["round_trips"] == 5
    assert summary["win_rate"] == 1 / 5
    assert summary["final_value"] == 99249.17
    assert summary["total_return"] == pytest.approx(-0.0075083)
    assert summary["sharpe_ratio"] is None
    assert summary["ambiguous_bars"] == 1
    tables = result_tables(result)
    assert [trade["pnl"] for trade in tables["trades"]][:2] == [None, -607.0]
    assert tables["equity"][0] == {"session_on": "2020-01-01", "equity": 100000.0, "drawdown": 0.0}
    assert summary["settings"]["stop_loss"] == 0.02


def test_valuations_are_two_a_bar():
    result, _ = twenty(float)
    assert engine.equity_rows(result)[4:6] == [(day(2), "OPEN", 99995.0), (day(2), "CLOSE", 100095.0)]
    assert len(result.valuations) == 2 * len(TWENTY)


def test_a_known_answer_from_outside():
    """SPY 2013-10-08 to 17, all in at weight 1 less a buffer of 250: 697 shares, end equity 104,486.22 to the cent."""
    folder = os.environ.get("QUANTSITE_FIXTURES", "")
    path = Path(folder) / "lean" / "spy_daily_2013-10.csv"
    if not folder or not path.is_file():
        pytest.skip("QUANTSITE_FIXTURES does not name a folder with lean/spy_daily_2013-10.csv")
    lines = [line.split(",") for line in path.read_text().splitlines()[1:]]
    kept = [line for line in lines if "2013-10-08" <= line[0] <= "2013-10-17"]
    bars = [tuple(float(p) * float(line[6]) for p in line[1:5]) for line in kept]
    all_in = scripted({"SPY": [1.0] * len(bars)}, kind_="weights")
    terms = config(
        deployment(all_in, ("SPY",), capital=99_750, stop_loss=None, take_profit=None),
        rows=len(bars), symbols=("SPY",), tick=None, limits=replace(limits_default(), reserve_collar_pct=0),
        costs=CostModel(commission_per_share=0.005, commission_minimum=1),
    )  # fmt: skip
    result = engine.run(terms, panel_of({"SPY": bars}))
    assert [fill.quantity for fill in result.fills] == [697]
    assert result.fills[0].price == pytest.approx(165.82 * 0.8646266)
    assert result.fills[0].fee == pytest.approx(3.485)
    assert round(result.valuations[-1].equity, 2) == 104_486.22


# --- one path, two number types ---------------------------------------------------------------------------------------


def random_market(seed: int, rows: int = 420):
    """Five wandering symbols on a tick of 0.0001; one lists late, one misses bars, one trades thinly."""
    random = np.random.default_rng(seed)
    bars = {}
    for number, symbol in enumerate(("AAA", "BBB", "CCC", "DDD", "EEE")):
        close = 50 * (number + 1) * np.exp(np.cumsum(random.normal(0, 0.018, rows)))
        opened = np.concatenate(([close[0]], close[:-1])) * (1 + random.normal(0, 0.006, rows))
        high = np.maximum(opened, close) * (1 + abs(random.normal(0, 0.006, rows)))
        low = np.minimum(opened, close) * (1 - abs(random.normal(0, 0.006, rows)))
        volume = np.full(rows, 3_000.0 if number == 4 else 1e7)
        bars[symbol] = [tuple(np.round(bar, 4)) for bar in zip(opened, high, low, close, volume, strict=True)]
    bars["BBB"][:300] = [None] * 300
    bars["CCC"][330:340:3] = [None] * len(range(330, 340, 3))
    return panel_of(bars)


def three_strategies(number, ladder=False, **terms):
    symbols = ("AAA", "BBB", "CCC", "DDD", "EEE")
    strategies = (SmaCross, Donchian, RsiReversion)
    deployments = tuple(
        deployment(
            strategy, symbols, key=str(n), order=n, priority=3 - n, on_limit=[OnLimit.DENY, OnLimit.CUT][n % 2], **terms
        )
        for n, strategy in enumerate(strategies)
    )
    limits = replace(limits_default(), max_position_pct=0.08, max_positions=4, max_daily_loss_pct=0.004)
    costs = CostModel(
        commission_per_share=0.003, commission_pct=0.0001, commission_minimum=0.35, half_spread_bps=1, slippage_bps=2,
        volume_cap=0.1,
    )  # fmt: skip
    return config(
        *deployments, rows=420, symbols=symbols, tick="0.0001", limits=limits, costs=costs, number=number,
        ladder=ladder, first_on=day(251),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("ladder", [False, True])
def test_decimal_and_float_make_the_same_fills(seed, ladder):
    panel = random_market(seed)
    floats = engine.run(three_strategies(float, ladder), panel)
    decimals = engine.run(three_strategies(Decimal, ladder), panel)
    as_decimals = [
        (*row[:5], *(Decimal(repr(number)).quantize(Decimal("1e-8")) for number in row[5:]))
        for row in engine.fill_rows(floats)
    ]
    assert len(as_decimals) > 40
    assert as_decimals == engine.fill_rows(decimals)
    words = [(d.session_on, d.sleeve, d.symbol, d.verdict, d.rule) for d in floats.decisions]
    assert words == [(d.session_on, d.sleeve, d.symbol, d.verdict, d.rule) for d in decimals.decisions]
    assert {d.verdict for d in floats.decisions} >= {"ALLOW", "DENY"}
    for one, other in zip(floats.valuations, decimals.valuations, strict=True):
        assert abs(Decimal(repr(one.equity)) - other.equity) < Decimal("0.01")


def test_running_twice_gives_the_same_bits():
    panel, terms = random_market(7), three_strategies(float)
    assert pickle.dumps(engine.run(terms, panel).fills) == pickle.dumps(engine.run(terms, panel).fills)


def test_cash_and_positions_are_what_the_fills_say():
    result = engine.run(three_strategies(Decimal), random_market(3))
    cash, held = Decimal(100_000), {}
    for fill in result.fills:
        cash -= fill.quantity * fill.price + fill.fee
        key = (fill.symbol, fill.sleeve)
        held[key] = held.get(key, 0) + fill.quantity
    assert abs(cash - result.cash) < Decimal("1e-6")
    assert {key: quantity for key, quantity in held.items() if quantity} == result.sleeves
    realised = sum(fill.realised - fill.fee for fill in result.fills)
    assert abs(result.cash + sum(result.cost.values()) - 100_000 - realised) < Decimal("1e-6")


def test_the_future_moves_nothing_in_the_past():
    panel, terms = random_market(5), three_strategies(float)
    changed = random_market(5)
    for values in (changed.open, changed.high, changed.low, changed.close):
        values[360:] *= 1.5
    before = [row for row in engine.fill_rows(engine.run(terms, panel)) if row[0] < day(360)]
    after = [row for row in engine.fill_rows(engine.run(terms, changed)) if row[0] < day(360)]
    assert before
    assert before == after


@pytest.mark.parametrize(("start", "anchor", "seen"), [(2, None, 2), (5, None, 3), (9, None, 3), (9, day(1), 8)])
def test_rows_before_the_anchor_are_invisible(start, anchor, seen):
    """The first decision stands on the rows of the warm-up, on fewer where there are fewer, or on the stored anchor."""

    class Counting(BuyAndHold):
        name, warmup, shown = "counting", 3, []

        @classmethod
        def lookback(cls, parameters):
            return None

        def targets(self, panel):
            self.shown.append(str(panel.times[0]))
            return super().targets(panel)

    Counting.shown.clear()
    terms = config(deployment(Counting, start_on=day(start), anchor_on=anchor), rows=12)
    engine.run(terms, panel_of({"AAA": flat(10.0, 12)}))
    assert Counting.shown == [day(start - seen).isoformat()]


def test_cash_keeps_eight_decimals():
    """Fractional quantities times untick'd prices have more decimals than money may."""
    facts = {s: InstrumentFacts(s, step=Decimal("0.000001"), minimum_quantity=Decimal("0.000001")) for s in ("AAA",)}
    bars = [tuple(price + 0.00012345 * row for price in (10.0, 10.1, 9.9, 10.0)) for row in range(8)]
    for number in (float, Decimal):
        script = scripted({"AAA": [1, 0] * 4})
        terms = replace(config(deployment(script, position_size=0.333), rows=8, number=number), instruments=facts)
        result = engine.run(terms, panel_of({"AAA": bars}))
        assert len(result.fills) == 7
        assert all(valuation.cash == snap(valuation.cash) for valuation in result.valuations)


def test_a_latched_weight_is_not_rebought():
    """After the stop a larger weight is still the same side: flat until it has been zero."""
    script = scripted({"AAA": [0.5, 0.5, 0.5, 0.6, 0, 0.4, 0.4]}, "weights")
    bars = [(100, 100, 100, 100)] * 2 + [(90, 90, 90, 90)] * 5
    result = engine.run(config(deployment(script), rows=7, costs=FREE), panel_of({"AAA": bars}))
    assert [(f.session_on, f.role) for f in result.fills] == [(day(1), "entry"), (day(2), "stop"), (day(6), "entry")]


# --- starts, sleeves, latches, cash -----------------------------------------------------------------------------------


def test_the_current_target_is_adopted_at_the_first_bar():
    script = scripted({"AAA": [1] * 6})
    terms = config(deployment(script, start_on=day(3)), rows=6, costs=FREE)
    result = engine.run(terms, panel_of({"AAA": flat(10.0, 6)}))
    assert [(f.session_on, f.quantity) for f in result.fills] == [(day(4), 500)]


def test_nan_keeps_and_an_unchanged_level_asks_nothing():
    script = scripted({"AAA": [np.nan, 1, np.nan, 1, np.nan, 0, np.nan]})
    result = engine.run(config(deployment(script), rows=7, costs=FREE), panel_of({"AAA": flat(10.0, 7)}))
    assert [(f.session_on, f.quantity) for f in result.fills] == [(day(2), 500), (day(6), -500)]
    assert len(result.decisions) == 2


def test_a_sleeve_exits_only_what_is_its_own():
    first, second = scripted({"AAA": [1, 1, 0, 0, 0]}), scripted({"AAA": [1, 1, 1, 1, 1]})
    terms = config(
        deployment(first, key="a", order=1), deployment(second, key="b", order=2, position_size=0.1), rows=5, costs=FREE
    )
    result = engine.run(terms, panel_of({"AAA": flat(10.0, 5)}))
    assert result.sleeves == {("AAA", "b"): 1000}
    assert [(f.sleeve, f.quantity) for f in result.fills] == [("a", 500), ("b", 1000), ("a", -500)]


def test_reductions_come_before_openings_and_priority_before_id():
    sells = scripted({"AAA": [1, 1, 0, 0]})
    buys = scripted({"BBB": [0, 0, 1, 1]})
    terms = config(
        deployment(buys, ("BBB",), key="late", order=1, priority=2),
        deployment(buys, ("BBB",), key="early", order=2, priority=1),
        deployment(sells, ("AAA",), key="seller", order=3, priority=9),
        rows=4, costs=FREE,
    )  # fmt: skip
    result = engine.run(terms, panel_of({"AAA": flat(10.0, 4), "BBB": flat(10.0, 4)}))
    assert [d.sleeve for d in result.decisions if d.session_on == day(2)] == ["seller", "early", "late"]


def test_cash_is_shared_and_the_second_is_cut():
    buys = scripted({"AAA": [1, 1, 1]})
    terms = config(
        deployment(buys, key="a", order=1, position_size=0.7), deployment(buys, key="b", order=2, position_size=0.7),
        rows=3, costs=FREE, limits=replace(limits_default(), reserve_collar_pct=0),
    )  # fmt: skip
    result = engine.run(terms, panel_of({"AAA": flat(10.0, 3)}))
    assert [(d.verdict, d.quantity) for d in result.decisions] == [("ALLOW", 7000), ("CUT", 3000)]
    assert result.cash == 0


def test_a_protective_exit_holds_flat_until_the_target_returns_to_zero():
    script = scripted({"AAA": [1, 1, 1, 1, 0, 1, 1]})
    bars = [(100, 100, 100, 100)] * 2 + [(90, 90, 90, 90)] * 5
    result = engine.run(config(deployment(script), rows=7, costs=FREE), panel_of({"AAA": bars}))
    assert [(f.session_on, f.role) for f in result.fills] == [
        (day(1), "entry"),
        (day(2), "stop"),
        (day(6), "entry"),
    ]


def test_a_fill_at_a_gap_is_booked_in_full_and_cash_goes_negative():
    script = scripted({"AAA": [1, 1, 1]})
    terms = config(deployment(script, position_size=1, stop_loss=None, take_profit=None), rows=3, costs=FREE)
    result = engine.run(terms, panel_of({"AAA": [(10, 10, 10, 10), (12, 12, 12, 12), (12, 12, 12, 12)]}))
    assert [(d.verdict, d.rule, d.quantity) for d in result.decisions] == [("CUT", "BUYING_POWER", 9708)]
    assert result.cash == 100_000 - 9708 * 12


def test_the_ladder_reduces_for_the_rest_of_the_session():
    """Day 2 opens 10 % down: openings stop that day and pass again at the next close."""
    holds, wants = scripted({"AAA": [1] * 5}), scripted({"BBB": [0, 0, 1, 0, 1]})
    bars = {"AAA": [(10, 10, 10, 10)] * 2 + [(9, 9, 9, 9)] * 3, "BBB": flat(10.0, 5)}
    both = (
        deployment(holds, key="a", position_size=0.6, stop_loss=None, take_profit=None),
        deployment(wants, ("BBB",), key="b"),
    )
    limits = replace(limits_default(), max_daily_loss_pct=0.05)
    result = engine.run(config(*both, rows=5, costs=FREE, limits=limits, ladder=True), panel_of(bars))
    assert [(d.session_on, d.verdict, d.rule) for d in result.decisions if d.sleeve == "b"] == [
        (day(2), "STOPPED", "STOP_STATE"),
        (day(4), "ALLOW", "BUYING_POWER"),
    ]
    without = engine.run(config(*both, rows=5, costs=FREE, limits=limits), panel_of(bars))
    assert next((d.verdict, d.rule) for d in without.decisions if d.sleeve == "b") == ("DENY", "DAILY_LOSS")


def test_money_paid_in_counts_as_flow_not_as_profit():
    script = scripted({"AAA": [0] * 4})
    terms = config(deployment(script), rows=4, cash_events=(CashEvent(day(2), 50_000),))
    result = engine.run(terms, panel_of({"AAA": flat(10.0, 4)}))
    assert [v.equity for v in result.valuations if v.phase == "CLOSE"] == [100_000, 100_000, 150_000, 150_000]
    assert result_performance(result, terms).total_return == 0.0
    assert result_tables(result)["equity"][-1]["drawdown"] == 0.0


def test_shorts_only_where_they_are_allowed():
    script = scripted({"AAA": [-1, -1, 1, 1, 1]})
    bars = panel_of({"AAA": flat(10.0, 5)})
    both = {"direction": Direction.BOTH, "stop_loss": None, "take_profit": None}
    cash = engine.run(config(deployment(script, **both), rows=5, costs=FREE), bars)
    assert next((d.verdict, d.rule) for d in cash.decisions) == ("DENY", "SHORT_NOT_ALLOWED")
    margin = engine.run(config(deployment(script, **both), rows=5, costs=FREE, kind="margin"), bars)
    assert [(f.session_on, f.role, f.quantity) for f in margin.fills] == [
        (day(1), "entry", -500),
        (day(3), "exit", 500),
        (day(3), "entry", 500),
    ]


def test_a_missing_bar_keeps_an_exit_waiting_and_lets_an_entry_end():
    script = scripted({"AAA": [1, 1, 0, 0, 0]})
    bars = flat(10.0, 5)
    bars[3] = None
    result = engine.run(config(deployment(script), rows=5, costs=FREE), panel_of({"AAA": bars}))
    assert [(f.session_on, f.role) for f in result.fills] == [(day(1), "entry"), (day(4), "exit")]
    bars = flat(10.0, 5)
    bars[1] = None
    result = engine.run(config(deployment(script), rows=5, costs=FREE), panel_of({"AAA": bars}))
    assert result.fills == []


def test_weights_ask_again_for_what_a_limit_cut():
    """The second sleeve gets only what is left; when the first leaves, its rest is bought at the next close."""
    leaves, stays = scripted({"AAA": [0.6, 0.6, 0, 0, 0]}, "weights"), scripted({"BBB": [0.6] * 5}, "weights")
    none = {"stop_loss": None, "take_profit": None}
    terms = config(
        deployment(leaves, key="a", order=1, **none), deployment(stays, ("BBB",), key="b", order=2, **none),
        rows=5, costs=FREE, limits=replace(limits_default(), reserve_collar_pct=0),
    )  # fmt: skip
    result = engine.run(terms, panel_of({"AAA": flat(10.0, 5), "BBB": flat(10.0, 5)}))
    assert [(f.session_on, f.sleeve, f.quantity) for f in result.fills] == [
        (day(1), "a", 6000),
        (day(1), "b", 4000),
        (day(3), "a", -6000),
        (day(4), "b", 2000),
    ]


def test_a_band_rebalances_what_drifted():
    script = scripted({"AAA": [0.5] * 4}, "weights")
    bars = [(10, 10, 10, 10), (10, 10, 10, 10), (10, 20, 10, 20), (20, 20, 20, 20)]
    terms = {"stop_loss": None, "take_profit": None}
    with_band = config(deployment(script, rebalance_band=0.1, **terms), rows=4, costs=FREE)
    without = config(deployment(script, **terms), rows=4, costs=FREE)
    assert [f.quantity for f in engine.run(with_band, panel_of({"AAA": bars})).fills] == [5000, -1250]
    assert [f.quantity for f in engine.run(without, panel_of({"AAA": bars})).fills] == [5000]


# --- event strategies, faults, stopping -------------------------------------------------------------------------------


def test_an_event_strategy_trades_by_its_signals_and_hears_its_fills():
    script = speaking({0: [("AAA", "BUY", 10)], 1: [("AAA", "HOLD",)], 2: [("AAA", "SELL", 4)]})  # fmt: skip
    terms = config(deployment(script, stop_loss=None, take_profit=None), rows=5, costs=FREE)
    result = engine.run(terms, panel_of({"AAA": flat(10.0, 5)}))
    assert [(f.session_on, f.role, f.quantity) for f in result.fills] == [(day(1), "entry", 10), (day(3), "exit", -4)]
    assert script.heard == [(day(1), "AAA", "BUY", 10), (day(3), "AAA", "SELL", 4)]


def test_an_event_strategy_without_a_quantity_means_its_size():
    script = speaking({0: [("AAA", "BUY")], 2: [("AAA", "SELL")]})
    result = engine.run(config(deployment(script), rows=5, costs=FREE), panel_of({"AAA": flat(10.0, 5)}))
    assert [f.quantity for f in result.fills] == [500, -500]


def test_a_raising_strategy_stops_itself_alone():
    class Raising(BuyAndHold):
        name = "raising"

        def targets(self, panel):
            raise RuntimeError("out of ideas")

    late = speaking({2: [("AAA", "BUY", "many")]})
    terms = config(
        deployment(Raising, key="a"), deployment(late, key="b"), deployment(BuyAndHold, key="c"), rows=4, costs=FREE
    )
    result = engine.run(terms, panel_of({"AAA": flat(10.0, 4)}))
    assert [(fault.session_on, fault.sleeve) for fault in result.faults] == [(day(0), "a"), (day(2), "b")]
    assert "out of ideas" in result.faults[0].text
    assert {f.sleeve for f in result.fills} == {"c"}


def test_a_run_is_stopped_by_its_progress():
    told = []

    def progress(fraction):
        told.append(fraction)
        return fraction < 0.5

    script = scripted({"AAA": [1] * 10})
    assert engine.run(config(deployment(script), rows=10), panel_of({"AAA": flat(10.0, 10)}), progress) is None
    assert told == sorted(told)
    assert told[-1] >= 0.5


def test_impossible_runs_are_one_sentence():
    script, panel = scripted({"AAA": [1] * 3}), panel_of({"AAA": flat(10.0, 3)})
    with pytest.raises(ValueError, match="no sessions"):
        engine.run(config(deployment(script), rows=3, first_on=day(10), last_on=day(11)), panel)
    with pytest.raises(ValueError, match="no bars of ZZZ"):
        engine.run(config(deployment(script, ("ZZZ",)), rows=3), panel)
    with pytest.raises(ValueError, match="before it begins"):
        config(deployment(script), rows=3, first_on=day(9))
    with pytest.raises(ValueError, match="positive"):
        config(deployment(script), rows=3, capital=0)
    with pytest.raises(ValueError, match="key of its own"):
        config(deployment(script), deployment(script), rows=3)


def test_one_bar_is_a_run_without_fills():
    result = engine.run(config(deployment(BuyAndHold), rows=1), panel_of({"AAA": flat(10.0, 1)}))
    assert result.fills == []
    assert len(result.valuations) == 2


def test_fractional_units_where_the_instrument_allows():
    facts = {"AAA": InstrumentFacts("AAA", step=Decimal("0.001"), minimum_quantity=Decimal("0.001"))}
    terms = config(deployment(BuyAndHold), rows=2, costs=FREE)
    result = engine.run(replace(terms, instruments=facts), panel_of({"AAA": flat(30_000.0, 2)}))
    assert [f.quantity for f in result.fills] == [0.166]
