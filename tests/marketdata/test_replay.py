"""Event arithmetic of a replay."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketdata.feeds.replay import CLOSE, OPEN, event_at, number_of

START = date(2006, 6, 19)


def at(number, start_on=START):
    return event_at(calendar="XNYS", start_on=start_on, number=number)


def test_event_zero_waits_at_the_close_before_the_start():
    moment = at(0)
    assert (moment.phase, moment.session_on) == (CLOSE, date(2006, 6, 16))
    assert moment.at == datetime(2006, 6, 16, 20, 0, tzinfo=UTC)


def test_a_session_is_an_open_and_a_close():
    assert at(1)[:3] == (1, OPEN, START)
    assert at(1).at == datetime(2006, 6, 19, 13, 30, tzinfo=UTC)
    assert at(2)[:3] == (2, CLOSE, START)
    assert at(2).at == datetime(2006, 6, 19, 20, 0, tzinfo=UTC)
    assert at(3)[:3] == (3, OPEN, date(2006, 6, 20))


def test_a_start_on_a_holiday_is_the_session_after_it():
    assert at(1, start_on=date(2006, 7, 4)).session_on == date(2006, 7, 5)
    assert at(0, start_on=date(2006, 7, 4)).session_on == date(2006, 7, 3)


def test_events_count_from_zero():
    with pytest.raises(ValueError, match="from 0"):
        at(-1)


@settings(deadline=None)
@given(number=st.integers(1, 8000), start_on=st.dates(date(1995, 1, 1), date(2010, 1, 1)))
def test_numbers_and_moments_are_each_others_inverse(number, start_on):
    moment = at(number, start_on)
    told = number_of(calendar="XNYS", start_on=start_on, session_on=moment.session_on, phase=moment.phase)
    assert told == number
    assert moment.at > at(number - 1, start_on).at
