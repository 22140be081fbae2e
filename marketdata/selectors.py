"""Questions to the market room. Lake floats become Decimals here, and nowhere else.

A feed's clock rules what is visible: at OPEN the session's opening price, at CLOSE the whole bar. Panels are float64
and memory-mapped; the database is asked for rows, never for numbers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from django.conf import settings
from django.db.models import Max, Q, QuerySet
from django.utils.module_loading import import_string

from marketdata import calendars
from marketdata.bars import Bar, Panel
from marketdata.feeds.replay import CLOSE, OPEN, Moment, event_at, number_of
from marketdata.lake import Lake, TableVersion
from marketdata.models import DatasetVersion, Feed, Instrument
from marketdata.panels import panel_open
from marketdata.providers.base import MarketDataProvider, Refused, Temporary
from marketdata.rounding import decimal_from_float
from operations.errors import Conflict, InvalidInput, NotFound, Unavailable

PERIODS: Mapping[str, pd.DateOffset | None] = {
    "1D": pd.DateOffset(days=1),
    "1W": pd.DateOffset(weeks=1),
    "1M": pd.DateOffset(months=1),
    "3M": pd.DateOffset(months=3),
    "6M": pd.DateOffset(months=6),
    "1Y": pd.DateOffset(years=1),
    "2Y": pd.DateOffset(years=2),
    "5Y": pd.DateOffset(years=5),
    "MAX": None,
}
# A price older than this many sessions is no price.
OLDEST_QUOTE_BARS = 260


@dataclass(frozen=True)
class FeedEvent:
    """One event of a replay, with the bars of its session by instrument id; at OPEN only `open` may be quoted."""

    number: int
    phase: str
    session_on: date
    at: datetime
    bars: Mapping[int, Bar]


@dataclass(frozen=True)
class Quote:
    """A price as a feed knows it. `bars_old` counts the sessions since (0: this one); None where a venue quotes."""

    symbol: str
    price: Decimal
    bid: Decimal | None
    ask: Decimal | None
    volume: Decimal | None
    as_of: datetime
    source: str
    bars_old: int | None


# --- instruments, versions, providers ---------------------------------------------------------------------------------


def instruments() -> QuerySet[Instrument]:
    """Every instrument."""
    return Instrument.objects.all()


def instrument_get(symbol: str, exchange: str | None = None) -> Instrument:
    """The instrument of a symbol; NotFound, or Conflict where several exchanges list it and none is named."""
    rows = Instrument.objects.filter(symbol=symbol)
    found = list(rows if exchange is None else rows.filter(exchange=exchange))
    if not found:
        raise NotFound("SYMBOL_UNKNOWN", f"There is no instrument {symbol}.", symbol=symbol)
    if len(found) > 1:
        where = ", ".join(row.exchange for row in found)
        raise Conflict("SYMBOL_AMBIGUOUS", f"{symbol} is listed on {where}; name the exchange.", symbol=symbol)
    return found[0]


def instruments_get(symbols: Iterable[str]) -> dict[str, Instrument]:
    """Instruments by symbol; NotFound names every one that is missing."""
    wanted = list(dict.fromkeys(symbols))
    found = {row.symbol: row for row in Instrument.objects.filter(symbol__in=wanted)}
    if missing := [symbol for symbol in wanted if symbol not in found]:
        words = ", ".join(missing[:10])
        raise NotFound("SYMBOL_UNKNOWN", f"There is no instrument {words}.", symbols=missing[:100])
    return {symbol: found[symbol] for symbol in wanted}


def tradable_symbols(limit: int) -> list[str]:
    """The first tradable symbols in alphabetical order, as a suggestion."""
    return list(Instrument.objects.filter(tradable=True).order_by("symbol").values_list("symbol", flat=True)[:limit])


def last_bar_on() -> date | None:
    """The newest session any tradable instrument has a bar of."""
    newest: date | None = Instrument.objects.filter(tradable=True).aggregate(newest=Max("last_bar_on"))["newest"]
    return newest


def lake_get(interval: str = "1d") -> Lake:
    """The lake of this site."""
    return Lake(settings.LAKE_URL, interval)


def dataset_latest(interval: str = "1d") -> DatasetVersion:
    """The newest recorded version of the bars."""
    version = DatasetVersion.objects.filter(interval=interval).order_by("-id").first()
    if version is None:
        raise NotFound("NO_DATA", "No bars have been ingested yet.", interval=interval)
    return version


def provider_get(name: str, **options: Any) -> MarketDataProvider:
    """A registered source of market data."""
    path = settings.MARKETDATA_PROVIDERS.get(name)
    if path is None:
        known = ", ".join(sorted(settings.MARKETDATA_PROVIDERS))
        raise InvalidInput("PROVIDER_UNKNOWN", f"There is no provider {name}; there are {known}.", provider=name)
    return import_string(path)(**options)


# --- panels -----------------------------------------------------------------------------------------------------------


def panel_get(
    *,
    symbols: Iterable[str],
    version: DatasetVersion,
    until_on: date | None = None,
    observations: int | None = None,
    since_on: date | None = None,
    calendar: str | None = None,
) -> Panel:
    """The sessions from `since_on` to `until_on`, both included, or the newest `observations` of them, for `symbols`.

    One calendar a panel: it is the instruments' unless given (giving it saves the query). NotFound for a symbol
    without bars in this version.
    """
    wanted = tuple(symbols)
    panel = _panel(version, calendar or _one_calendar(wanted))
    if missing := [symbol for symbol in wanted if symbol not in panel.columns]:
        words = ", ".join(missing[:10])
        raise NotFound("NO_BARS", f"There are no bars of {words} in {version}.", symbols=missing[:100])
    last = len(panel) if until_on is None else int(np.searchsorted(panel.times, np.datetime64(until_on), "right"))
    first = 0 if since_on is None else int(np.searchsorted(panel.times, np.datetime64(since_on)))
    if observations is not None:
        first = max(first, last - observations)
    return panel.rows(min(first, last), last).select(wanted)


def _one_calendar(symbols: tuple[str, ...]) -> str:
    found = {row.calendar for row in instruments_get(symbols).values()}
    if len(found) != 1:
        words = " and ".join(sorted(found)) or "none"
        raise InvalidInput("CALENDARS_MIXED", f"A panel has one calendar; these instruments trade on {words}.")
    return found.pop()


def _panel(version: DatasetVersion, calendar: str) -> Panel:
    table = TableVersion(version.table_id, version.table_version)
    return panel_open(settings.PANEL_DIR, lake_get(version.interval), table, calendar)


# --- feeds ------------------------------------------------------------------------------------------------------------


def feeds() -> QuerySet[Feed]:
    """Every feed, newest first."""
    return Feed.objects.select_related("dataset_version")


def feed_get(feed_id: int) -> Feed:
    """One feed."""
    feed = feeds().filter(pk=feed_id).first()
    if feed is None:
        raise NotFound("FEED_UNKNOWN", f"There is no feed {feed_id}.", feed=feed_id)
    return feed


def feed_current() -> Feed | None:
    """The feed new accounts open on, None before one was made."""
    return feeds().filter(is_current=True).first()


def feed_moment(feed: Feed, number: int | None = None) -> Moment:
    """Where a replay stands, or stood or will stand at event `number`."""
    number = feed.event_number if number is None else number
    return event_at(calendar=feed.calendar, start_on=_start(feed), number=number)


def feed_last_event(feed: Feed) -> int:
    """The number of the CLOSE of the last session its dataset has bars for; 0 or less if that is before the start."""
    last_on = calendars.day_of(_feed_panel(feed).times[-1])
    return number_of(calendar=feed.calendar, start_on=_start(feed), session_on=last_on, phase=CLOSE)


def feed_event_get(feed: Feed, number: int) -> FeedEvent | None:
    """Event `number` (from 1) with the session's bars by instrument id, None past the last bar of the dataset."""
    if number < 1 or number > feed_last_event(feed):
        return None
    moment = feed_moment(feed, number)
    return FeedEvent(*moment, bars=_session_bars(feed, moment.session_on))


def feed_payload(feed: Feed) -> dict[str, Any]:
    """The feed as browsers and programs see it."""
    moment = feed_moment(feed) if feed.kind == Feed.Kind.REPLAY else None
    return {
        "id": feed.pk,
        "name": feed.name,
        "kind": feed.kind,
        "calendar": feed.calendar,
        "state": feed.state,
        "speed": str(feed.speed),
        "speed_reached": None if feed.speed_reached is None else f"{feed.speed_reached:.2f}",
        "market_time": feed.market_time.isoformat().replace("+00:00", "Z"),
        "session_on": moment.session_on.isoformat() if moment else None,
        "phase": moment.phase if moment else None,
        "event_number": feed.event_number,
        "start_on": feed.start_on.isoformat() if feed.start_on else None,
        "is_current": feed.is_current,
        "note": feed.note,
    }


def _start(feed: Feed) -> date:
    if feed.start_on is None or feed.dataset_version is None:
        raise InvalidInput("FEED_LIVE", f"{feed.name} is live: it has no events of its own.", feed=feed.pk)
    return feed.start_on


def _feed_panel(feed: Feed) -> Panel:
    _start(feed)
    assert feed.dataset_version is not None
    return _panel(feed.dataset_version, feed.calendar)


def _session_bars(feed: Feed, session_on: date) -> dict[int, Bar]:
    panel = _feed_panel(feed)
    row = panel.row(np.datetime64(session_on))
    if row is None:
        return {}
    ids = dict(Instrument.objects.filter(calendar=feed.calendar).values_list("symbol", "id"))
    return {
        ids[symbol]: Bar(*(decimal_from_float(value) for value in bar))  # type: ignore[arg-type]  # panel bars are floats
        for symbol, bar in panel.bars(row)
        if symbol in ids
    }


# --- quotes -----------------------------------------------------------------------------------------------------------


def quote_get(*, instrument: Instrument, feed: Feed) -> Quote:
    """The instrument's price by the feed's clock; Unavailable where there is none yet."""
    if feed.kind == Feed.Kind.LIVE:
        return quote_live_get(symbol=instrument.symbol)
    quote = quotes_get(instruments=[instrument], feed=feed).get(instrument.pk)
    if quote is None:
        message = f"{instrument.symbol} has no price yet at {feed.market_time:%Y-%m-%d %H:%M} UTC."
        raise Unavailable("NO_QUOTE", message, symbol=instrument.symbol)
    return quote


def quotes_get(*, instruments: Iterable[Instrument], feed: Feed) -> dict[int, Quote]:
    """Quotes by instrument id; an instrument without a price yet is left out."""
    if feed.kind == Feed.Kind.LIVE:
        return _live_quotes(instruments)
    panel, moment = _feed_panel(feed), feed_moment(feed)
    # The number of sessions up to and with the moment's; it may be before the panel's first, or past its last.
    row = int(np.searchsorted(panel.times, np.datetime64(moment.session_on), "right")) - 1
    current = row >= 0 and panel.times[row] == np.datetime64(moment.session_on)
    quotes = {}
    for instrument in instruments:
        column = panel.columns.get(instrument.symbol)
        if column is not None and instrument.calendar == feed.calendar:
            quote = _bar_quote(panel, row, column, moment, feed.calendar, current)
            if quote is not None:
                quotes[instrument.pk] = quote
    return quotes


def _bar_quote(panel: Panel, row: int, column: int, moment: Moment, calendar: str, current: bool) -> Quote | None:
    """At OPEN the session's open, if it traded, else the last close before; at CLOSE the last close."""
    symbol = panel.symbols[column]
    if current and moment.phase == OPEN:
        if not np.isnan(panel.open[row, column]):
            price = decimal_from_float(panel.open[row, column])
            return Quote(symbol, price, price, price, Decimal(0), moment.at, "replay", 0)
        closed = row - 1
    else:
        closed = row
    listed = np.flatnonzero(~np.isnan(panel.close[: closed + 1, column][::-1][:OLDEST_QUOTE_BARS]))
    if not len(listed):
        return None
    at = closed - int(listed[0])
    price = decimal_from_float(panel.close[at, column])
    volume = decimal_from_float(panel.volume[at, column])
    as_of = calendars.session_close_at(calendar, calendars.day_of(panel.times[at]))
    return Quote(symbol, price, price, price, volume, as_of, "replay", row - at)


def quote_live_get(*, symbol: str) -> Quote:
    """The latest price from the provider that QUOTE_SOURCE names; Unavailable on a site that runs on replay only."""
    if settings.QUOTE_SOURCE == "replay":
        raise Unavailable("NO_LIVE_QUOTES", "This site takes no live quotes; set QUOTE_SOURCE=yfinance.", symbol=symbol)
    try:
        given = provider_get(settings.QUOTE_SOURCE).get_quote(symbol)
    except Refused as error:
        raise NotFound("SYMBOL_UNKNOWN", str(error), symbol=symbol) from error
    except Temporary as error:
        raise Unavailable("NO_QUOTE", str(error), symbol=symbol) from error
    return Quote(symbol, given.price, given.bid, given.ask, given.volume, given.as_of, given.source, None)


def _live_quotes(instruments: Iterable[Instrument]) -> dict[int, Quote]:
    quotes = {}
    for instrument in instruments:
        try:
            quotes[instrument.pk] = quote_live_get(symbol=instrument.symbol)
        except (NotFound, Unavailable):
            continue  # left out, as the caller is told
    return quotes


# --- history and status -----------------------------------------------------------------------------------------------


def history_get(
    *,
    symbol: str,
    feed: Feed | None = None,
    period: str | None = None,
    start: date | None = None,
    end: date | None = None,
    version: DatasetVersion | None = None,
) -> Panel:
    """One symbol's finished bars as a panel of one column without gaps, up to the feed's clock.

    By `period` (1D … 5Y, MAX), counted back from the newest visible session, or from `start` to `end`, both included.
    Without a replay feed the named or newest version is read to its end.
    """
    period = _period_check(period, start, end)
    instrument = instrument_get(symbol)
    replay = feed if feed is not None and feed.kind == Feed.Kind.REPLAY else None
    version = (replay.dataset_version if replay else version) or dataset_latest()
    panel = panel_get(
        symbols=(symbol,), version=version, until_on=_visible_until(replay, end), calendar=instrument.calendar
    )
    if start is not None:
        panel = panel.rows(int(np.searchsorted(panel.times, np.datetime64(start))), len(panel))
    panel = _without_gaps(panel)
    offset = PERIODS[period] if period else None
    if offset is None or not len(panel):
        return panel
    after = (pd.Timestamp(panel.times[-1]) - offset).to_datetime64().astype("datetime64[D]")
    return panel.rows(int(np.searchsorted(panel.times, after, "right")), len(panel))


def _period_check(period: str | None, start: date | None, end: date | None) -> str | None:
    if period is not None and (start or end):
        raise InvalidInput("PERIOD_AND_DATES", "Name a period or dates, not both.")
    if period is None:
        if start and end and start > end:
            raise InvalidInput("DATES_REVERSED", f"The start {start} is after the end {end}.")
        return None
    if period.upper() not in PERIODS:
        raise InvalidInput("PERIOD_UNKNOWN", f"A period is one of {', '.join(PERIODS)}.", period=period)
    return period.upper()


def _visible_until(replay: Feed | None, end: date | None) -> date | None:
    """The last session whose bar is finished by the feed's clock, or `end` if that is earlier."""
    if replay is None:
        return end
    moment = feed_moment(replay)
    # At OPEN the session's bar is not finished; the day before it is soon enough, for no session lies between.
    until = moment.session_on - timedelta(days=1) if moment.phase == OPEN else moment.session_on
    return until if end is None else min(until, end)


def _without_gaps(panel: Panel) -> Panel:
    listed = ~np.isnan(panel.close[:, 0])
    if listed.all():
        return panel
    fields = (panel.open, panel.high, panel.low, panel.close, panel.volume, panel.adjustment)
    return Panel(panel.times[listed], panel.symbols, *(values[listed] for values in fields))


def market_status_get(*, calendar: str, at: datetime) -> calendars.MarketStatus:
    """Open or closed at an instant: a feed's `market_time`, or now for a live market."""
    return calendars.market_status(calendar, at.astimezone(UTC))


def search(text: str) -> QuerySet[Instrument]:
    """Instruments whose symbol begins with the text or whose name holds it."""
    return Instrument.objects.filter(Q(symbol__istartswith=text) | Q(name__icontains=text))
