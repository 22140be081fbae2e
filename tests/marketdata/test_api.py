"""Quotes, history, status, instruments and feeds over HTTP."""

from datetime import date

import pytest
from rest_framework.test import APIClient

from marketdata import selectors, services

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("lake_folder")]


@pytest.fixture
def feed(a_frame):
    services.bars_ingest(frame=a_frame(["AAA", "BTC/USD=X"]), provider="test")
    replay = services.feed_create(name="Replay", start_on=date(2006, 6, 15))
    services.feed_wake(feed_id=replay.pk)
    return services.feed_advance(feed_id=replay.pk, number=1)


def client_of(django_user_model, **fields):
    client = APIClient()
    client.force_authenticate(django_user_model.objects.create_user(username="reader", **fields))
    return client


@pytest.fixture
def client(django_user_model):
    return client_of(django_user_model)


def test_a_quote_is_plain_json_numbers(client, feed):
    answer = client.get("/api/quote/AAA").json()
    assert answer == {
        "success": True,
        "symbol": "AAA",
        "price": 103.0,
        "bid": 103.0,
        "ask": 103.0,
        "volume": 0.0,
        "timestamp": "2006-06-15T13:30:00Z",
        "source": "replay",
        "bars_old": 0,
        "currency": "USD",
    }


def test_a_symbol_may_hold_a_slash(client, feed):
    assert client.get("/api/quote/BTC/USD=X").json()["symbol"] == "BTC/USD=X"
    assert client.get("/api/instruments/BTC/USD=X").json()["symbol"] == "BTC/USD=X"


def test_history_by_period(client, feed):
    answer = client.get("/api/history/AAA?period=1d").json()
    assert (answer["count"], answer["period"], answer["interval"]) == (1, "1D", "1d")
    bar = {"date": "2006-06-14", "open": 102.0, "high": 103.0, "low": 101.0, "close": 102.5, "volume": 1002.0}
    assert answer["data"] == [bar]
    assert client.get("/api/history/AAA").json()["count"] == 3


def test_history_by_dates(client, feed):
    answer = client.get("/api/history/AAA?start=2006-06-13&end=2006-06-30").json()
    assert [row["date"] for row in answer["data"]] == ["2006-06-13", "2006-06-14"]


def test_market_status_follows_the_replay(client, feed):
    answer = client.get("/api/market/status").json()
    assert answer["status"] == "open"
    assert answer["market_time"] == "2006-06-15T13:30:00Z"
    assert answer["next_close"] == "2006-06-15T20:00:00Z"
    services.feed_advance(feed_id=feed.pk, number=2)
    answer = client.get("/api/market/status").json()
    assert (answer["is_open"], answer["session_on"]) == (False, None)


def test_the_market_is_open_or_closed_without_a_feed(client):
    assert client.get("/api/market/status?calendar=24/7").json()["is_open"] is True


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/quote/NOPE", 404, "SYMBOL_UNKNOWN"),
        ("/api/quote/AAA?feed=99", 404, "FEED_UNKNOWN"),
        ("/api/quote/AAA?feed=x", 400, "FEED_MALFORMED"),
        ("/api/quote/AAA?source=live", 503, "NO_LIVE_QUOTES"),
        ("/api/history/NOPE", 404, "SYMBOL_UNKNOWN"),
        ("/api/history/AAA?period=1Y&start=2006-06-13", 400, "PERIOD_AND_DATES"),
        ("/api/history/AAA?start=2006-06-14&end=2006-06-13", 400, "DATES_REVERSED"),
        ("/api/market/status?calendar=NOPE", 400, "CALENDAR_UNKNOWN"),
        ("/api/feeds/99", 404, "FEED_UNKNOWN"),
    ],
)
def test_what_is_wrong_has_a_code(client, feed, path, status, code):
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("query", ["period=7X", "start=yesterday", "end=2006-02-30", "interval=1m"])
def test_a_malformed_query_is_400(client, feed, query):
    assert client.get(f"/api/history/AAA?{query}").status_code == 400


def test_a_quote_without_any_feed_says_what_to_do(client):
    services.instrument_upsert(symbol="AAA")
    assert client.get("/api/quote/AAA").json()["code"] == "NO_FEED"


def test_a_room_above_may_choose_the_feed(client, feed, settings):
    other = services.feed_create(name="Other", start_on=date(2006, 6, 20), make_current=True)
    settings.MARKETDATA_FEED_RESOLVER = "marketdata.selectors.feeds_oldest_for_test"
    selectors.feeds_oldest_for_test = lambda request: feed
    try:
        assert client.get("/api/quote/AAA").json()["price"] == 103.0
    finally:
        del selectors.feeds_oldest_for_test
    settings.MARKETDATA_FEED_RESOLVER = None
    assert client.get("/api/quote/AAA").json()["price"] == 105.5
    assert client.get(f"/api/quote/AAA?feed={other.pk}").json()["price"] == 105.5


def test_instruments_are_listed_and_filtered(client, feed):
    answer = client.get("/api/instruments?q=btc").json()
    assert [row["symbol"] for row in answer["results"]] == ["BTC/USD=X"]
    assert answer["results"][0]["step"] == "1"
    assert answer["results"][0]["tick"] is None


def test_nobody_signed_in_sees_nothing(feed):
    for path in ("/api/quote/AAA", "/api/history/AAA", "/api/market/status", "/api/instruments", "/api/feeds"):
        assert APIClient().get(path).status_code == 401


def test_feeds_are_shown_and_only_operators_move_them(client, feed, django_user_model):
    assert client.get("/api/feeds").json()[0]["state"] == "running"
    assert client.post(f"/api/feeds/{feed.pk}/pause").json()["code"] == "OPERATORS_ONLY"
    operator = APIClient()
    operator.force_authenticate(django_user_model.objects.create_user("operator-of-feeds", site_role="operator"))
    assert operator.post(f"/api/feeds/{feed.pk}/pause").json()["state"] == "paused"
    assert operator.post(f"/api/feeds/{feed.pk}/resume").json()["state"] == "running"
    assert operator.post(f"/api/feeds/{feed.pk}/speed", {"speed": 20}).json()["speed"] == "20"
    assert operator.post(f"/api/feeds/{feed.pk}/speed", {"speed": 3}).status_code == 400
    assert operator.post(f"/api/feeds/{feed.pk}/speed", {}).status_code == 400


def test_history_asks_the_database_little(client, feed, django_assert_max_num_queries):
    # current feed with its dataset, and the instrument
    with django_assert_max_num_queries(2):
        client.get("/api/history/AAA?period=MAX")
