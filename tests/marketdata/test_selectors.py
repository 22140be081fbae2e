"""What a feed's clock lets be seen, and the border between float64 and Decimal."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from marketdata import selectors, services
from marketdata.bars import Bar
from operations.errors import Conflict, InvalidInput, NotFound, Unavailable

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("lake_folder")]

D = Decimal


@pytest.fixture
def version(a_frame):
    """AAA on ten sessions from 2006-06-12, BBB on the last four of them but one."""
    frame = pd.concat([a_frame(["AAA"]), a_frame(["BBB"], start="2006-06-20", count=4).drop(index=2)])
    return services.bars_ingest(frame=frame, provider="test").dataset_version


@pytest.fixture
def feed(version):
    return services.feed_create(name="Replay", start_on=date(2006, 6, 15))


def at(feed, number):
    """The feed as it is at event `number`."""
    feed.event_number = number
    feed.market_time = selectors.feed_moment(feed).at
    return feed


def quote(feed, symbol="AAA"):
    return selectors.quote_get(instrument=selectors.instrument_get(symbol), feed=feed)


# --- events -----------------------------------------------------------------------------------------------------------


def test_an_event_carries_the_sessions_bars_as_decimals(feed):
    event = selectors.feed_event_get(feed, 1)
    assert (event.number, event.phase, event.session_on) == (1, "OPEN", date(2006, 6, 15))
    assert event.at == datetime(2006, 6, 15, 13, 30, tzinfo=UTC)
    aaa = selectors.instrument_get("AAA").pk
    assert event.bars == {aaa: Bar(D("103.00000000"), D(104), D(102), D("103.5"), D(1003))}
    assert str(event.bars[aaa].open) == "103.00000000"


def test_a_symbol_is_in_an_event_once_it_is_listed(feed):
    counts = [len(selectors.feed_event_get(feed, number).bars) for number in range(2, 15, 2)]
    assert counts == [1, 1, 1, 2, 2, 1, 2]


def test_there_is_no_event_before_the_first_or_after_the_last(feed):
    assert selectors.feed_event_get(feed, 0) is None
    assert selectors.feed_event_get(feed, 14) is not None
    assert selectors.feed_event_get(feed, 15) is None


def test_lake_floats_become_the_decimals_they_were_written_as(a_frame):
    frame = a_frame(count=1).assign(open=27.430000000000003, close=0.1 + 0.2, low=0.1, high=30.0)
    services.bars_ingest(frame=frame, provider="test")
    feed = services.feed_create(name="R", start_on=date(2006, 6, 12))
    (bar,) = selectors.feed_event_get(feed, 2).bars.values()
    assert (bar.open, bar.close) == (D("27.43"), D("0.3"))


# --- quotes -----------------------------------------------------------------------------------------------------------


def test_while_waiting_the_quote_is_the_last_close_before_the_start(feed):
    found = quote(feed)
    assert (found.price, found.bars_old) == (D("102.5"), 0)
    assert found.as_of == datetime(2006, 6, 14, 20, 0, tzinfo=UTC)


def test_at_open_only_the_open_is_known(feed):
    """Seen red with the close quoted at OPEN: tomorrow's close a day early."""
    found = quote(at(feed, 1))
    assert (found.price, found.bid, found.ask, found.volume) == (D(103), D(103), D(103), D(0))
    assert found.as_of == datetime(2006, 6, 15, 13, 30, tzinfo=UTC)


def test_at_close_the_whole_bar_is_known(feed):
    found = quote(at(feed, 2))
    assert (found.price, found.volume, found.bars_old, found.source) == (D("103.5"), D(1003), 0, "replay")


def test_a_symbol_not_yet_listed_has_no_price(feed):
    with pytest.raises(Unavailable, match="BBB has no price yet"):
        quote(at(feed, 6), "BBB")
    assert quote(at(feed, 7), "BBB").price == D(100)


def test_a_missed_day_leaves_the_last_close_and_says_how_old_it_is(feed):
    """BBB does not trade on 2006-06-22, event 11 and 12."""
    for number in (11, 12):
        found = quote(at(feed, number), "BBB")
        assert (found.price, found.bars_old) == (D("101.5"), 1)
        assert found.as_of == datetime(2006, 6, 21, 20, 0, tzinfo=UTC)


def test_quotes_of_many_leave_out_what_has_none(feed, django_assert_num_queries):
    found = list(selectors.instruments())
    with django_assert_num_queries(0):  # panel and calendar answer
        quotes = selectors.quotes_get(instruments=found, feed=at(feed, 2))
    assert [row.symbol for row in quotes.values()] == ["AAA"]


def test_an_instrument_of_another_calendar_has_no_quote_on_this_feed(feed):
    other = services.instrument_upsert(symbol="CCC", calendar="XHKG")
    assert selectors.quotes_get(instruments=[other], feed=feed) == {}


def test_a_site_on_replay_has_no_live_quotes(version, settings):
    settings.QUOTE_SOURCE = "replay"
    live = services.feed_create(name="Live", kind="live", make_current=False)
    with pytest.raises(Unavailable, match="QUOTE_SOURCE"):
        quote(live)
    assert selectors.quotes_get(instruments=selectors.instruments(), feed=live) == {}


def test_live_quotes_come_from_the_named_provider(version, settings):
    settings.QUOTE_SOURCE = "sample"
    services.instrument_upsert(symbol="IBM")
    live = services.feed_create(name="Live", kind="live", make_current=False)
    found = quote(live, "IBM")
    assert (found.source, found.bars_old) == ("sample", None)
    with pytest.raises(NotFound):
        quote(live, "AAA")


# --- panels -----------------------------------------------------------------------------------------------------------


def test_a_window_ends_at_the_session_asked_for(version):
    panel = selectors.panel_get(symbols=["BBB", "AAA"], version=version, until_on=date(2006, 6, 20), observations=3)
    assert panel.symbols == ("BBB", "AAA")
    assert panel.times.tolist() == [date(2006, 6, 16), date(2006, 6, 19), date(2006, 6, 20)]
    assert np.isnan(panel.close[:2, 0]).all()


def test_since_and_until_are_both_included(version):
    panel = selectors.panel_get(
        symbols=["AAA"], version=version, since_on=date(2006, 6, 13), until_on=date(2006, 6, 14)
    )
    assert panel.close[:, 0].tolist() == [101.5, 102.5]


def test_a_window_before_the_first_bar_is_empty(version):
    assert len(selectors.panel_get(symbols=["AAA"], version=version, until_on=date(2000, 1, 3))) == 0
    assert len(selectors.panel_get(symbols=["AAA"], version=version, since_on=date(2010, 1, 4))) == 0


def test_a_symbol_without_bars_is_named(version):
    services.instrument_upsert(symbol="CCC")
    with pytest.raises(NotFound, match="CCC"):
        selectors.panel_get(symbols=["AAA", "CCC"], version=version)


def test_calendars_are_not_mixed(version):
    services.instrument_upsert(symbol="CCC", calendar="XHKG")
    with pytest.raises(InvalidInput, match="XHKG and XNYS"):
        selectors.panel_get(symbols=["AAA", "CCC"], version=version)


# --- history ----------------------------------------------------------------------------------------------------------


def days(panel):
    return [day.day for day in panel.times.tolist()]


def test_history_ends_at_the_last_finished_bar(feed):
    """Seen red with the day's own bar shown at OPEN: a chart that knows the day's high at its opening."""
    assert days(selectors.history_get(symbol="AAA", feed=at(feed, 0))) == [12, 13, 14]
    assert days(selectors.history_get(symbol="AAA", feed=at(feed, 1))) == [12, 13, 14]
    assert days(selectors.history_get(symbol="AAA", feed=at(feed, 2))) == [12, 13, 14, 15]


@pytest.mark.parametrize(
    ("period", "expected"),
    [("1D", [23]), ("1d", [23]), ("1W", [19, 20, 21, 22, 23]), ("1M", 10), ("5Y", 10), ("MAX", 10)],
)
def test_history_by_period_counts_back_from_the_newest_bar(version, period, expected):
    found = days(selectors.history_get(symbol="AAA", period=period))
    assert found == expected or len(found) == expected


def test_history_by_dates_and_never_past_the_clock(feed):
    found = selectors.history_get(symbol="AAA", feed=at(feed, 2), start=date(2006, 6, 14), end=date(2006, 6, 30))
    assert days(found) == [14, 15]


def test_history_leaves_out_the_days_without_a_bar(version):
    assert days(selectors.history_get(symbol="BBB", period="MAX")) == [20, 21, 23]


def test_history_before_the_listing_is_empty(feed):
    assert len(selectors.history_get(symbol="BBB", feed=feed, period="MAX")) == 0


@pytest.mark.parametrize(
    "asked",
    [
        {"period": "7X"},
        {"period": "1Y", "start": date(2006, 1, 3)},
        {"start": date(2006, 2, 1), "end": date(2006, 1, 3)},
    ],
)
def test_history_is_asked_for_in_one_way(version, asked):
    with pytest.raises(InvalidInput):
        selectors.history_get(symbol="AAA", **asked)


# --- instruments ------------------------------------------------------------------------------------------------------


def test_a_symbol_on_two_exchanges_must_be_told_apart():
    for exchange in ("XNAS", "XLON"):
        services.instrument_upsert(symbol="AAA", exchange=exchange)
    with pytest.raises(Conflict, match="XLON, XNAS"):
        selectors.instrument_get("AAA")
    assert selectors.instrument_get("AAA", "XLON").exchange == "XLON"


def test_every_missing_symbol_is_named(version):
    with pytest.raises(NotFound, match="XXX, YYY"):
        selectors.instruments_get(["AAA", "XXX", "YYY"])
