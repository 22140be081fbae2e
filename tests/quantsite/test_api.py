"""What joins rooms, over HTTP: the seeds' shapes, configuration, events, stops, feeds, jobs, health, description."""

from __future__ import annotations

from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from operations.services import event_publish, job_create, notification_send
from portfolio.services import membership_set
from risk.models import AccountRisk
from tests.world import account_make
from trading.models import Deployment
from trading.services import deployment_create, deployment_start
from trading.services.replay import replay_step

pytestmark = pytest.mark.django_db


def client(user=None):
    found = APIClient()
    if user is not None:
        found.force_login(user)
    return found


@pytest.fixture
def browser(world, alice):
    return client(alice)


@pytest.fixture
def viewer(world, alice, bob):
    membership_set(account_id=world.account.pk, user=bob, role="viewer", actor=alice)
    return client(bob)


@pytest.fixture
def deployment(world, alice):
    return deployment_create(
        account_id=world.account.pk, name="Hold", strategy="buy_and_hold", symbols=["AAA"], actor=alice
    )


@pytest.fixture
def holding(world, alice, deployment):
    deployment_start(deployment_id=deployment.pk, actor=alice)
    for _ in range(4):
        replay_step(world.feed.pk)
    return world.fresh()


# --- the seeds' shapes ------------------------------------------------------------------------------------------------


def test_status_has_the_design_s_keys_and_numbers(browser, holding):
    body = browser.get("/api/status").json()
    assert list(body) == ["running", "mode", "portfolio", "positions", "account", "last_update"]
    assert list(body["portfolio"]) == [
        "total_value", "cash", "positions_value", "unrealized_pnl", "total_return", "num_positions",
    ]  # fmt: skip
    assert list(body["account"]) == ["account_id", "cash", "buying_power", "portfolio_value"]
    (position,) = body["positions"]
    assert list(position) == [
        "symbol", "quantity", "avg_price", "current_price", "market_value", "unrealized_pnl", "unrealized_pnl_pct",
    ]  # fmt: skip
    assert (body["running"], body["mode"], body["account"]["account_id"]) == (True, "paper", str(holding.pk))
    cost = position["avg_price"] * position["quantity"]
    assert position["unrealized_pnl_pct"] == pytest.approx(100 * position["unrealized_pnl"] / cost, abs=1e-2)
    portfolio = body["portfolio"]
    assert portfolio["total_value"] == pytest.approx(portfolio["cash"] + portfolio["positions_value"])
    assert portfolio["total_return"] == pytest.approx(portfolio["total_value"] / 100_000 - 1, abs=1e-5)


def test_positions_account_and_risk(browser, holding):
    positions = browser.get("/api/positions").json()
    assert (positions["success"], [row["symbol"] for row in positions["positions"]]) == (True, ["AAA"])
    account = browser.get(f"/api/account?account={holding.pk}").json()
    assert {"account_id", "cash", "buying_power", "portfolio_value"} <= set(account)
    assert isinstance(account["cash"], float)
    risk = browser.get("/api/risk/metrics").json()
    assert (risk["success"], risk["state"], risk["num_positions"]) == (True, "ACTIVE", 1)
    assert risk["max_position_size_pct"] == 10.0
    assert 0 < risk["largest_position_pct"] <= 10.0
    assert {"code", "label", "unit", "value", "limit", "used_pct"} == set(risk["measures"][0])


def test_a_person_without_an_account(db, charlie):
    for address in ("/api/status", "/api/positions", "/api/account", "/api/config", "/api/risk/metrics"):
        answer = client(charlie).get(address)
        assert (answer.status_code, answer.json()["code"]) == (404, "ACCOUNT_NOT_FOUND")


# --- configuration ----------------------------------------------------------------------------------------------------


def config(browser):
    return browser.get("/api/config").json()["config"]


def test_the_configuration_s_sections(browser, deployment):
    shown = config(browser)
    assert list(shown) == ["trading", "brokerage", "data", "risk", "strategies"]
    assert list(shown["trading"]) == [
        "mode", "initial_capital", "max_positions", "position_size", "stop_loss", "take_profit",
    ]  # fmt: skip
    assert shown["trading"] == {
        "mode": "paper",
        "initial_capital": 100_000.0,
        "max_positions": 20,
        "position_size": 0.05,
        "stop_loss": 0.02,
        "take_profit": 0.05,
    }
    assert shown["brokerage"]["credentials"] is None
    assert shown["risk"]["max_daily_loss_pct"] == 5.0
    assert [(row["name"], row["enabled"]) for row in shown["strategies"]] == [("Hold", False)]


def test_the_whole_configuration_sent_back_changes_nothing(browser, holding):
    """Also while everything runs, and with credentials as nulls."""
    body = config(browser)
    body["brokerage"]["credentials"] = {"api_key": None, "api_secret": None}
    answer = browser.post("/api/config", body)
    assert (answer.status_code, answer.json()["message"]) == (200, "Nothing changed.")


def test_a_part_of_the_configuration(browser, world, deployment):
    body = {
        "trading": {"max_positions": 10, "position_size": 0.04},
        "risk": {"max_position_size_pct": 8, "allowed_symbols": ["AAA", "BBB"]},
        "strategies": [{"name": "Hold", "symbols": ["BBB"], "enabled": True}],
    }
    answer = browser.post("/api/config", body).json()
    assert (answer["success"], answer["message"]) == (True, "Saved: 6 changes.")
    assert answer["config"] == config(browser)
    risk = AccountRisk.objects.get(account=world.account)
    assert (risk.max_positions, risk.max_position_pct) == (10, Decimal("0.08"))
    assert risk.allowed_symbols == ["AAA", "BBB"]
    deployment.refresh_from_db()
    assert (deployment.position_size, deployment.symbols, deployment.state) == (Decimal("0.04"), ["BBB"], "running")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"trading": {"mode": "live"}}, 400, "CONFIG_FIXED"),
        ({"trading": {"initial_capital": 5}}, 400, "CONFIG_FIXED"),
        ({"data": {"cache_enabled": False}}, 400, "CONFIG_FIXED"),
        ({"brokerage": {"credentials": {"api_key": "x"}}}, 400, "INVALID_INPUT"),
        ({"trading": {"max_positions": 21}}, 403, "LIMIT_LOOSENED"),
        ({"risk": {"max_daily_loss_pct": 5.1}}, 403, "LIMIT_LOOSENED"),
        ({"risk": {"max_position_size_pct": "1e1"}}, 400, "INVALID_INPUT"),
        ({"risk": {"max_position_size_pct": "0.0000001"}}, 400, "LIMIT_INVALID"),
        ({"risk": {"max_position_size_pct": "-1"}}, 400, "LIMIT_INVALID"),
        ({"risk": {"max_luck": 1}}, 400, "INVALID_INPUT"),
        ({"engine": {}}, 400, "INVALID_INPUT"),
        ({"trading": []}, 400, "INVALID_INPUT"),
        ({"strategies": [{"name": "Nobody"}]}, 400, "UNKNOWN_STRATEGY"),
        ({"strategies": [{"name": "Hold", "strategy": "donchian"}]}, 400, "CONFIG_FIXED"),
        ({"strategies": [{"name": "Hold", "params": {"speed": 1}}]}, 400, "BAD_PARAMETERS"),
        ({"strategies": [{"name": "Hold", "position_size": 0}]}, 400, "OUT_OF_RANGE"),
    ],
)
def test_what_the_configuration_refuses(browser, deployment, body, status, code):
    before = config(browser)
    answer = browser.post("/api/config", {"risk": {}} | body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert config(browser) == before


def test_a_configuration_is_taken_whole_or_not_at_all(browser, world, deployment):
    body = {"risk": {"max_position_size_pct": 5}, "strategies": [{"name": "Nobody"}]}
    assert browser.post("/api/config", body).status_code == 400
    assert AccountRisk.objects.get(account=world.account).max_position_pct == Decimal("0.1")


def test_a_running_strategy_is_not_changed(browser, holding):
    answer = browser.post("/api/config", {"trading": {"position_size": 0.01}})
    assert (answer.status_code, answer.json()["code"]) == (409, "DEPLOYMENT_RUNNING")
    # stopped and changed in one request
    body = {"strategies": [{"name": "Hold", "enabled": False, "position_size": 0.01}]}
    assert browser.post("/api/config", body).json()["message"] == "Saved: 2 changes."
    assert Deployment.objects.get().state == "stopped"


# --- events and stops -------------------------------------------------------------------------------------------------


def test_events_since_a_number(browser, world, holding):
    path = f"/api/accounts/{holding.pk}/events"
    everything = browser.get(path).json()
    assert [row["number"] for row in everything["results"]] == list(range(1, everything["last"] + 1))
    assert set(everything["results"][-1]) == {"type", "number", "kind", "market_time", "put", "drop"}
    last = everything["last"]
    assert browser.get(f"{path}?since={last - 1}").json()["results"] == everything["results"][-1:]
    assert browser.get(f"{path}?since={last}").json() == {"results": [], "last": last, "more": False}
    for since in ("-1", "x", "1e3", "99999999999999999999"):
        assert browser.get(f"{path}?since={since}").status_code == 400


def test_more_events_than_are_given_at_once(browser, world):
    for number in range(510):
        event_publish(stream=world.account.stream, kind="test", payload={"put": {"n": number}})
    body = browser.get(f"/api/accounts/{world.account.pk}/events?since=1").json()
    assert (len(body["results"]), body["results"][-1]["number"], body["more"]) == (500, 501, True)
    rest = browser.get(f"/api/accounts/{world.account.pk}/events?since=501").json()
    assert (rest["results"][-1]["number"], rest["more"]) == (rest["last"], False)


def test_emergency_stop_and_resume(browser, viewer, world):
    path = f"/api/accounts/{world.account.pk}"
    assert browser.post(f"{path}/emergency-stop", {}).status_code == 400
    assert viewer.post(f"{path}/emergency-stop", {"reason": "x"}).status_code == 403
    body = browser.post(f"{path}/emergency-stop", {"reason": "a drill"}).json()
    assert (body["success"], body["status"], body["state"], body["drained"]) == (True, "STOPPED", "HALTED", True)
    refused = browser.post("/api/trade", {"symbol": "AAA", "quantity": 1, "side": "BUY"}).json()
    assert (refused["success"], refused["decision"]["verdict"]) == (False, "STOPPED")
    assert viewer.post(f"{path}/resume", {"reason": "x"}).status_code == 403
    assert browser.post(f"{path}/resume", {"reason": "over"}).json()["status"] == "RESUMED"
    assert browser.post(f"{path}/resume", {"reason": "over"}).json()["code"] == "NOT_STOPPED"


# --- whose feed rules -------------------------------------------------------------------------------------------------


def test_quotes_follow_the_clock_of_the_account_s_feed(browser, world, alice, charlie, oscar):
    from marketdata.services import feed_create

    later = feed_create(name="Later", start_on=world.feed.start_on.replace(year=2010, month=5, day=3))
    other = account_make(alice, later, name="Later")
    default = browser.get("/api/quote/AAA").json()
    named = browser.get(f"/api/quote/AAA?account={other.pk}").json()
    assert default["timestamp"] < named["timestamp"]
    assert browser.get("/api/history/AAA").json()["data"][-1]["date"] == default["timestamp"][:10]
    assert browser.get(f"/api/market/status?account={other.pk}").json()["market_time"] == named["timestamp"]
    # without an account the current replay's
    assert client(charlie).get("/api/quote/AAA").json() == named
    assert client(charlie).get(f"/api/quote/AAA?account={other.pk}").status_code == 404
    assert browser.get("/api/quote/AAA?account=x").status_code == 400


def test_who_steers_a_feed(browser, viewer, world, charlie, oscar, settings):
    path = f"/api/feeds/{world.feed.pk}"
    settings.EMBEDDED = True
    body = browser.post(f"{path}/speed", {"speed": 5})
    assert (body.status_code, body.json()["speed"]) == (200, "5")
    last = browser.get(f"/api/accounts/{world.account.pk}/events").json()["results"][-1]
    assert (last["kind"], last["put"]["feed"]["speed"]) == ("feed.changed", "5")
    assert viewer.post(f"{path}/speed", {"speed": 2}).status_code == 403
    assert client(charlie).post(f"{path}/speed", {"speed": 2}).status_code == 403
    settings.EMBEDDED = False
    assert browser.post(f"{path}/speed", {"speed": 2}).status_code == 403
    assert client(oscar).post(f"{path}/speed", {"speed": 2}).status_code == 200
    assert client(oscar).post(f"{path}/speed", {"speed": 3}).status_code == 400
    assert client(oscar).post(f"{path}/pause").json()["code"] == "FEED_STATE"  # it waits
    assert client(oscar).post("/api/feeds/999/pause").status_code == 404


def test_a_pause_is_seen_by_every_account(browser, holding, world, settings):
    settings.EMBEDDED = True  # elsewhere it takes an operator
    assert browser.post(f"/api/feeds/{world.feed.pk}/pause").json()["state"] == "paused"
    snapshot = browser.get(f"/api/accounts/{holding.pk}/snapshot").json()
    events = browser.get(f"/api/accounts/{holding.pk}/events").json()["results"]
    assert events[-1]["put"]["feed"] == snapshot["state"]["feed"]
    assert browser.post(f"/api/feeds/{world.feed.pk}/resume").json()["state"] == "running"


# --- one's own things -------------------------------------------------------------------------------------------------


def test_jobs_are_one_s_own(browser, alice, charlie):
    job = job_create(owner=alice, kind="backtest", arguments={"run": 1})
    assert [row["id"] for row in browser.get("/api/jobs").json()["results"]] == [str(job.pk)]
    assert client(charlie).get("/api/jobs").json()["count"] == 0
    assert client(charlie).get(f"/api/jobs/{job.pk}").status_code == 404
    assert client(charlie).post(f"/api/jobs/{job.pk}/stop").status_code == 404
    assert browser.post(f"/api/jobs/{job.pk}/stop").json()["state"] == "stopped"


def test_notifications_are_one_s_own(browser, world, alice, charlie):
    first = notification_send(user=alice, level="info", title="One", body="", stream=world.account.stream)
    notification_send(user=alice, level="warning", title="Two", body="")
    listed = browser.get("/api/notifications").json()
    assert [(row["title"], row["is_read"]) for row in listed["results"]] == [("Two", False), ("One", False)]
    assert browser.get(f"/api/notifications?account={world.account.pk}").json()["count"] == 1
    assert client(charlie).get(f"/api/notifications?account={world.account.pk}").status_code == 404
    assert client(charlie).post("/api/notifications/read", {"ids": [first.pk]}).json() == {"read": 0, "unread": 0}
    assert browser.post("/api/notifications/read", {"ids": [first.pk]}).json() == {"read": 1, "unread": 1}
    assert browser.post("/api/notifications/read").json() == {"read": 1, "unread": 0}
    assert browser.get("/api/notifications?unread=true").json()["count"] == 0


# --- health and description -------------------------------------------------------------------------------------------


def test_health_is_public_and_tells_no_details(db):
    from operations.models import ProbeResult

    assert client().get("/health").json() == {"status": "ok", "checks": []}
    ProbeResult.objects.create(
        path="x.y", name="Lake", status="failing", detail="/secret/path", checked_at="2024-01-01T00:00:00Z"
    )
    answer = client().get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert b"secret" not in answer.content


def test_the_description_needs_a_person_and_no_other_host(browser):
    assert client().get("/api/schema").status_code == 401
    assert client().get("/api/docs").status_code == 401
    assert browser.get("/api/schema").status_code == 200
    page = browser.get("/api/docs")
    assert "'unsafe-inline'" not in page["Content-Security-Policy"]
    body = page.content.decode()
    assert "<style" not in body
    assert body.count("<script src=") == body.count("<script") == 3
    assert "https://" not in body
    script = browser.get("/api/docs?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert b"/api/schema" in script.content
