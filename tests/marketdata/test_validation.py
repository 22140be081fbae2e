"""What is set aside and why; nothing is repaired."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketdata.validation import NUMBERS, bars_validate, columns_map
from operations.errors import InvalidInput

GOOD = {"symbol": "AAA", "time": "2020-01-02", "open": 10.0, "high": 11.0, "low": 9.0, "close": 10.5, "volume": 100.0}


def judge(*rows, **options):
    frame = pd.DataFrame([{**GOOD, **row} for row in rows])
    return bars_validate(frame, **{"calendar": "XNYS", "latest_on": date(2026, 1, 2), **options})


def test_a_good_row_is_accepted_as_it_is():
    verdict = judge({})
    assert verdict.refused.empty
    assert verdict.accepted.iloc[0][["symbol", *NUMBERS]].tolist() == ["AAA", 10.0, 11.0, 9.0, 10.5, 100.0, 1.0]
    assert verdict.accepted["time"].iloc[0] == pd.Timestamp("2020-01-02")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"close": np.nan}, "close is missing"),
        ({"volume": None}, "volume is missing"),
        ({"open": "ten"}, "open is not a number"),
        ({"open": "10,5"}, "open is not a number"),
        ({"high": np.inf}, "high is out of range"),
        ({"volume": 1e12}, "volume is out of range"),
        ({"low": 0.0}, "low is not positive"),
        ({"low": -1.0}, "low is not positive"),
        ({"volume": -1.0}, "volume is negative"),
        ({"adjustment": 0.0}, "adjustment is not positive"),
        ({"high": 10.2}, "high is below another price"),
        ({"low": 10.2}, "low is above another price"),
        ({"time": "02/01/2020"}, "time is not an ISO day"),
        ({"time": ""}, "time is not an ISO day"),
        ({"time": None}, "time is not an ISO day"),
        ({"time": "2020-02-30"}, "time is not an ISO day"),
        ({"time": "2020-01-01"}, "time is no session of XNYS"),
        ({"time": "2026-01-05"}, "time is in the future"),
        ({"time": "9999-01-04"}, "time is in the future"),
        ({"symbol": None}, "symbol is missing or malformed"),
        ({"symbol": "../x"}, "symbol is missing or malformed"),
        ({"symbol": "AAA\n"}, "symbol is missing or malformed"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_reason(row, reason):
    verdict = judge({"time": "2020-01-03", "adjustment": 1.0}, {"adjustment": 1.0, **row})
    assert len(verdict.accepted) == 1
    assert verdict.refused["row"].tolist() == [2]
    assert reason in verdict.refused["reason"].iloc[0].split("; ")


def test_a_refused_row_is_kept_as_it_came():
    assert judge({"open": "ten"}).refused["open"].tolist() == ["ten"]


@pytest.mark.parametrize("symbol", ["BRK.B", "BRK-B", "EURUSD=X", "^GSPC", "BTC/USD", "0700.HK", "NA"])
def test_symbols_may_hold_what_venues_write(symbol):
    assert judge({"symbol": symbol}).accepted["symbol"].tolist() == [symbol]


@pytest.mark.parametrize(
    "day",
    [
        "2020-01-02T00:00:00",
        "2020-01-02 00:00:00-05:00",
        20200102,
        date(2020, 1, 2),
        datetime(2020, 1, 2, tzinfo=UTC),
        pd.Timestamp("2020-01-02"),
        pd.Timestamp("2020-01-02", tz="America/New_York"),
    ],
)
def test_days_are_read_as_the_calendar_day_they_name(day):
    assert judge({"time": day}).accepted["time"].tolist() == [pd.Timestamp("2020-01-02")]


def test_a_number_is_never_taken_for_nanoseconds_since_1970():
    """Seen red with `pd.to_datetime` on the bare column: 1577923200 became the first second of 1970."""
    assert judge({"time": 1577923200}).refused["reason"].tolist() == ["time is not an ISO day"]


def test_of_equal_rows_the_first_is_kept():
    verdict = judge({}, {})
    assert len(verdict.accepted) == 1
    assert verdict.refused[["row", "reason"]].values.tolist() == [[2, "the same bar appears again"]]


def test_rows_that_disagree_are_all_set_aside():
    """Seen red with every repetition treated as equal: the first of two different closes got into the lake."""
    verdict = judge({}, {"close": 10.6}, {})
    assert verdict.accepted.empty
    assert set(verdict.refused["reason"]) == {"rows disagree about this bar"}


def test_an_unordered_file_is_accepted_and_said():
    verdict = judge({"time": "2020-01-03"}, {"time": "2020-01-02"})
    assert verdict.accepted["time"].is_monotonic_increasing
    assert len(verdict.notes) == 1


def test_an_empty_frame_is_judged_empty():
    verdict = bars_validate(pd.DataFrame([GOOD]).iloc[:0], calendar="XNYS", latest_on=date(2026, 1, 2))
    assert verdict.accepted.empty
    assert verdict.refused.empty


def test_a_frame_without_the_columns_is_refused():
    with pytest.raises(InvalidInput, match="volume"):
        bars_validate(pd.DataFrame([GOOD]).drop(columns="volume"), calendar="XNYS", latest_on=date(2026, 1, 2))


def test_columns_are_recognised_and_mapped():
    frame = pd.DataFrame(columns=["Ticker", " Date ", "OPEN", "High", "Low", "Last", "Vol", "Adj Close"])
    mapped = columns_map(frame, {"Last": "close"})
    assert list(mapped.columns) == ["symbol", "time", "open", "high", "low", "close", "volume", "adj_close"]


def test_two_columns_for_one_thing_are_refused():
    with pytest.raises(InvalidInput, match="More than one column"):
        columns_map(pd.DataFrame(columns=["date", "time", "open", "high", "low", "close", "volume"]), symbol="A")


def test_a_symbol_cannot_contradict_the_file():
    with pytest.raises(InvalidInput, match="names its symbols itself"):
        columns_map(pd.DataFrame([GOOD]), symbol="BBB")


NUMBER = st.one_of(st.floats(width=64), st.sampled_from([0.0, -1.0, 10.0, 11.0, 1e-9]))


@settings(deadline=None)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(("open", "high", "low", "close", "volume"), NUMBER)), max_size=4))
def test_every_row_is_accepted_or_set_aside_and_what_is_accepted_is_sound(rows):
    days = ["2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07"]
    frame = pd.DataFrame(
        [{**GOOD, **row, "time": day} for row, day in zip(rows, days, strict=False)], columns=list(GOOD)
    )
    verdict = bars_validate(frame, calendar="XNYS", latest_on=date(2026, 1, 2))
    accepted = verdict.accepted
    assert len(accepted) + len(verdict.refused) == len(rows)
    assert np.isfinite(accepted[NUMBERS].to_numpy(dtype=float)).all()
    assert (accepted["low"] <= accepted[["open", "close", "high"]].min(axis=1)).all()
    assert (accepted["high"] >= accepted[["open", "close", "low"]].max(axis=1)).all()
    assert (accepted["low"] > 0).all()
