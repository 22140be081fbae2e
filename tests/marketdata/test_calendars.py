"""Calendars against known days of the New York and Hong Kong exchanges (their published holiday lists)."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from marketdata import calendars
from operations.errors import InvalidInput, NotFound


def test_the_calendar_reaches_back_before_the_librarys_default_start():
    assert calendars.is_session("XNYS", date(2000, 1, 3))
    assert not calendars.is_session("XNYS", date(2000, 1, 1))


def test_the_exchange_was_closed_after_11_september_2001():
    assert calendars.next_session("XNYS", date(2001, 9, 10)) == date(2001, 9, 17)
    assert calendars.previous_session("XNYS", date(2001, 9, 17)) == date(2001, 9, 10)


def test_sessions_include_both_ends():
    days = calendars.sessions("XNYS", date(2006, 6, 16), date(2006, 6, 20))
    assert days.tolist() == [date(2006, 6, 16), date(2006, 6, 19), date(2006, 6, 20)]
    assert days.dtype == np.dtype("datetime64[D]")


def test_opening_and_closing_follow_daylight_saving_and_early_closes():
    assert calendars.session_open_at("XNYS", date(2006, 6, 19)) == datetime(2006, 6, 19, 13, 30, tzinfo=UTC)
    assert calendars.session_close_at("XNYS", date(2006, 1, 4)) == datetime(2006, 1, 4, 21, 0, tzinfo=UTC)
    assert calendars.session_close_at("XNYS", date(2026, 11, 27)) == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)


def test_a_day_without_a_session_has_no_opening():
    with pytest.raises(NotFound):
        calendars.session_open_at("XNYS", date(2006, 7, 4))


def test_session_on_or_after_counts_sessions():
    assert calendars.session_on_or_after("XNYS", date(2006, 6, 17)) == date(2006, 6, 19)
    assert calendars.session_on_or_after("XNYS", date(2006, 6, 19), 2) == date(2006, 6, 21)
    assert calendars.session_on_or_after("XNYS", date(2006, 6, 19), -1) == date(2006, 6, 16)


def test_the_calendar_says_where_it_ends():
    with pytest.raises(NotFound, match="runs from"):
        calendars.session_on_or_after("XNYS", date(2060, 1, 1))


def test_an_unknown_calendar_is_named():
    with pytest.raises(InvalidInput, match="NOPE"):
        calendars.calendar_get("NOPE")


@pytest.mark.parametrize(
    ("at", "is_open", "session_on"),
    [
        (datetime(2006, 6, 19, 13, 29, tzinfo=UTC), False, None),
        (datetime(2006, 6, 19, 13, 30, tzinfo=UTC), True, date(2006, 6, 19)),
        (datetime(2006, 6, 19, 19, 59, tzinfo=UTC), True, date(2006, 6, 19)),
        (datetime(2006, 6, 19, 20, 0, tzinfo=UTC), False, None),
        (datetime(2006, 6, 18, 15, 0, tzinfo=UTC), False, None),
    ],
)
def test_market_status_in_new_york(at, is_open, session_on):
    status = calendars.market_status("XNYS", at)
    assert (status.is_open, status.session_on) == (is_open, session_on)
    assert status.next_open_at > at
    assert status.next_close_at > at


def test_market_status_names_an_early_close():
    assert calendars.market_status("XNYS", datetime(2026, 11, 27, 17, 0, tzinfo=UTC)).early_close


def test_the_lunch_break_is_closed_and_ends_the_same_day():
    noon = datetime(2019, 6, 18, 4, 30, tzinfo=UTC)
    status = calendars.market_status("XHKG", noon)
    assert not status.is_open
    assert status.session_on == date(2019, 6, 18)
    assert status.next_open_at == datetime(2019, 6, 18, 5, 0, tzinfo=UTC)


def test_a_venue_that_never_closes_is_always_open():
    status = calendars.market_status("24/7", datetime(2024, 12, 25, 12, 0, tzinfo=UTC))
    assert status.is_open
    assert status.session_on == date(2024, 12, 25)
