"""Exchange calendars: which days are sessions, when they open and close. Pure.

Calendars have a fixed start and end of our own (the library's defaults move with the day it runs on, and would lose the
year 2000). Days are `datetime.date` or `datetime64[D]`; instants are aware UTC. `24/7` is the calendar of venues that
never close: its session is the UTC day.
"""

import warnings
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import NamedTuple

import exchange_calendars
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from operations.errors import InvalidInput, NotFound

START = date(1990, 1, 1)
END = date(2040, 12, 31)

Sessions = NDArray[np.datetime64]


@dataclass(frozen=True)
class Calendar:
    """The sessions of one exchange with their opening and closing instants (nanoseconds since 1970, UTC)."""

    name: str
    days: Sessions
    opens: NDArray[np.int64]
    closes: NDArray[np.int64]
    break_starts: NDArray[np.int64]
    break_ends: NDArray[np.int64]
    early: frozenset[date]

    def index(self, day: date) -> int | None:
        """Number of the session on `day`, None where there is none."""
        at = self.index_from(day)
        return at if at < len(self.days) and self.days[at] == np.datetime64(day, "D") else None

    def index_from(self, day: date) -> int:
        """Number of the first session on or after `day`."""
        return int(np.searchsorted(self.days, np.datetime64(day, "D")))


class MarketStatus(NamedTuple):
    """Open or closed at one instant, and what comes next."""

    calendar: str
    is_open: bool
    session_on: date | None
    early_close: bool
    next_open_at: datetime
    next_close_at: datetime


@lru_cache(maxsize=16)
def calendar_get(name: str) -> Calendar:
    """The calendar of an exchange by its market identifier code (XNYS, XNAS, XHKG, …) or `24/7`."""
    try:
        library = _library_calendar(name)
    except exchange_calendars.errors.InvalidCalendarName:
        message = f"There is no exchange calendar called {name!r}."
        raise InvalidInput("CALENDAR_UNKNOWN", message, calendar=name) from None
    start = max(filter(None, (pd.Timestamp(START), library.bound_min())))
    end = min(filter(None, (pd.Timestamp(END), library.bound_max())))
    built = _library_calendar(name, start=start, end=end)
    return Calendar(
        name=name,
        days=built.sessions.to_numpy().astype("datetime64[D]"),
        opens=_nanoseconds(built.opens),
        closes=_nanoseconds(built.closes),
        break_starts=_nanoseconds(built.break_starts),
        break_ends=_nanoseconds(built.break_ends),
        early=frozenset(stamp.date() for stamp in built.early_closes),
    )


def _library_calendar(name: str, **bounds: pd.Timestamp) -> exchange_calendars.ExchangeCalendar:
    with warnings.catch_warnings():
        # The library reads arrays in ways that pandas 4 will change; it is pinned together with pandas 3.
        warnings.simplefilter("ignore", category=pd.errors.Pandas4Warning)
        return exchange_calendars.get_calendar(name, **bounds)


def _nanoseconds(instants: "pd.Series[pd.Timestamp]") -> NDArray[np.int64]:
    """Instants as integers; a missing one (no break that day) as the smallest."""
    return instants.dt.tz_convert(None).to_numpy().astype("datetime64[ns]").astype(np.int64)


def _instant(nanoseconds: np.int64) -> datetime:
    return datetime.fromtimestamp(int(nanoseconds) // 1_000_000_000, UTC)


def day_of(stamp: np.datetime64) -> date:
    """A `datetime64[D]` as a plain date."""
    return stamp.astype("datetime64[D]").item()


def sessions(name: str, start: date, end: date) -> Sessions:
    """The sessions from `start` to `end`, both included."""
    calendar = calendar_get(name)
    first = calendar.index_from(start)
    return calendar.days[first : int(np.searchsorted(calendar.days, np.datetime64(end, "D"), side="right"))]


def is_session(name: str, day: date) -> bool:
    """Whether the exchange trades on `day`."""
    return calendar_get(name).index(day) is not None


def session_on_or_after(name: str, day: date, offset: int = 0) -> date:
    """The first session on or after `day`, or the one `offset` sessions later (earlier if negative)."""
    calendar = calendar_get(name)
    return day_of(calendar.days[_inside(calendar, calendar.index_from(day) + offset, day)])


def next_session(name: str, day: date) -> date:
    """The first session after `day`."""
    calendar = calendar_get(name)
    at = int(np.searchsorted(calendar.days, np.datetime64(day, "D"), side="right"))
    return day_of(calendar.days[_inside(calendar, at, day)])


def previous_session(name: str, day: date) -> date:
    """The last session before `day`."""
    return session_on_or_after(name, day, -1)


def session_open_at(name: str, day: date) -> datetime:
    """When the session on `day` opens."""
    calendar = calendar_get(name)
    return _instant(calendar.opens[_session(calendar, day)])


def session_close_at(name: str, day: date) -> datetime:
    """When the session on `day` closes, early closes included."""
    calendar = calendar_get(name)
    return _instant(calendar.closes[_session(calendar, day)])


def market_status(name: str, at: datetime) -> MarketStatus:
    """Open or closed at the instant `at`; the opening instant is open, the closing one is closed."""
    calendar = calendar_get(name)
    now = int(at.timestamp()) * 1_000_000_000
    # The last session that has opened, and the first that has yet to.
    upcoming = int(np.searchsorted(calendar.opens, now, side="right"))
    current = upcoming - 1
    is_open = current >= 0 and now < calendar.closes[current]
    if is_open and calendar.break_starts[current] <= now < calendar.break_ends[current]:
        return _status(calendar, False, current, calendar.break_ends[current], current)
    if is_open:
        return _status(calendar, True, current, calendar.opens[_inside(calendar, upcoming, at.date())], current)
    upcoming = _inside(calendar, upcoming, at.date())
    return _status(calendar, False, upcoming, calendar.opens[upcoming], upcoming, between=True)


def _status(
    calendar: Calendar, is_open: bool, session: int, opens: np.int64, closes: int, *, between: bool = False
) -> MarketStatus:
    day = day_of(calendar.days[session])
    return MarketStatus(
        calendar=calendar.name,
        is_open=is_open,
        session_on=None if between else day,
        early_close=day in calendar.early,
        next_open_at=_instant(opens),
        next_close_at=_instant(calendar.closes[closes]),
    )


def _session(calendar: Calendar, day: date) -> int:
    at = calendar.index(day)
    if at is None:
        raise NotFound("NO_SESSION", f"{calendar.name} has no session on {day}.", calendar=calendar.name, day=str(day))
    return at


def _inside(calendar: Calendar, at: int, day: date) -> int:
    if 0 <= at < len(calendar.days):
        return at
    raise NotFound(
        "CALENDAR_ENDS",
        f"The calendar {calendar.name} runs from {calendar.days[0]} to {calendar.days[-1]}; {day} asks beyond it.",
        calendar=calendar.name,
        day=str(day),
    )
