"""The arithmetic of a replay: which event is which half of which session. Pure.

Event 0 is waiting: its clock is the close of the session before the first. From then on each session is two events,
OPEN (odd numbers) at its opening and CLOSE (even numbers) at its closing instant.
"""

from datetime import date, datetime
from typing import NamedTuple

from marketdata import calendars

OPEN = "OPEN"
CLOSE = "CLOSE"
SPEEDS = (1, 2, 5, 20)


class Moment(NamedTuple):
    """Where a replay stands: `session_on` is the session before the first while it waits."""

    number: int
    phase: str
    session_on: date
    at: datetime


def event_at(*, calendar: str, start_on: date, number: int) -> Moment:
    """The moment of event `number` of a replay whose first session is the first on or after `start_on`."""
    if number < 0:
        raise ValueError("Events count from 0.")
    phase = OPEN if number % 2 else CLOSE
    session_on = calendars.session_on_or_after(calendar, start_on, (number + 1) // 2 - 1)
    at = calendars.session_open_at if phase == OPEN else calendars.session_close_at
    return Moment(number, phase, session_on, at(calendar, session_on))


def number_of(*, calendar: str, start_on: date, session_on: date, phase: str) -> int:
    """The number of a session's OPEN or CLOSE event; not above 0 for what lies before the start."""
    days = calendars.calendar_get(calendar)
    sessions_before = days.index_from(session_on) - days.index_from(start_on)
    return 2 * sessions_before + (1 if phase == OPEN else 2)
