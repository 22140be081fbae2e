"""Trading over HTTP: orders and their decisions, idempotency, lists, exports, deployments, the seeds' shapes."""

from __future__ import annotations

import csv
import io
import json
import uuid
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from portfolio.services import membership_set
from trading.lifecycle import OrderState
from trading.models import Decision, Order
from trading.renderers import cell
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


def trade(browser, **changes):
    body = {"symbol": "AAA", "quantity": "10", "side": "BUY", "order_type": "MARKET"} | changes
    return browser.post("/api/trade", {name: value for name, value in body.items() if value is not None})


def deploy(world, alice, name="Hold", **terms):
    terms = {"strategy": "buy_and_hold", "symbols": ["AAA"]} | terms
    return deployment_create(account_id=world.account.pk, name=name, actor=alice, **terms)


def steps(world, count):
    for _ in range(count):
        replay_step(world.feed.pk)


# --- the seeds' trade -------------------------------------------------------------------------------------------------


def test_a_trade_in_the_seeds_words(browser, world):
    answer = trade(browser, quantity=10)
    body = answer.json()
    assert answer.status_code == 201
    assert set(body) == {"success", "message", "order", "decision"}
    assert body["success"] is True
    order = body["order"]
    assert (order["symbol"], order["side"], order["quantity"], order["status"]) == ("AAA", "BUY", 10, "APPROVED")
    assert body["decision"]["verdict"] == "ALLOW"
    assert {rule["verdict"] for rule in body["decision"]["rules"]} <= {"pass", "skip"}
    assert all(isinstance(body["decision"][name], int | float) for name in ("wanted", "passed", "largest"))
    assert str(Order.objects.get().pk) == order["order_id"]


def test_a_denied_trade_is_created_with_its_reasons(browser):
    answer = trade(browser, quantity=5000)
    body = answer.json()
    assert answer.status_code == 201
    assert (body["success"], body["order"]["status"], body["decision"]["verdict"]) == (False, "DENIED", "DENY")
    assert body["message"] == body["decision"]["text"] == Decision.objects.get().text
    assert body["decision"]["largest"] > 0


def test_judging_creates_nothing(browser):
    answer = trade(browser, quantity=10, dry_run=True)
    assert (answer.status_code, answer.json()["success"], answer.json()["order"]) == (200, True, None)
    answer = browser.post("/api/orders", {"symbol": "AAA", "quantity": 5000, "side": "SELL", "dry_run": True})
    body = answer.json()
    assert (answer.status_code, body["success"], body["decision"]["wanted"]) == (200, False, "5000")
    assert {"code", "label", "verdict", "value", "limit", "headroom", "unit", "text"} <= set(
        body["decision"]["rules"][0]
    )
    assert not Order.objects.exists()
    assert not Decision.objects.exists()


def test_the_same_key_asks_once(browser):
    first = trade(browser, client_order_id="k1")
    again = trade(browser, client_order_id="k1")
    other = trade(browser, client_order_id="k1", quantity=11)
    assert [first.status_code, again.status_code, other.status_code] == [201, 200, 422]
    assert first.json()["order"]["order_id"] == again.json()["order"]["order_id"]
    assert other.json()["code"] == "KEY_REUSED"
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quantity": "1e3"}, "quantity"),
        ({"quantity": "1_000"}, "quantity"),
        ({"quantity": "٣"}, "quantity"),
        ({"quantity": "1\n"}, "quantity"),
        ({"quantity": "-1"}, "quantity"),
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "1.123456789"}, "quantity"),
        ({"quantity": "12345678901"}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"quantity": None}, "quantity"),
        ({"symbol": "AA A"}, "symbol"),
        ({"symbol": "=cmd()"}, "symbol"),
        ({"symbol": ["AAA"]}, "symbol"),
        ({"symbol": "A" * 41}, "symbol"),
        ({"side": "HOLD"}, "side"),
        ({"side": 1}, "side"),
        ({"order_type": "ICEBERG"}, "order_type"),
        ({"time_in_force": "FOREVER"}, "time_in_force"),
        ({"client_order_id": "x" * 49}, "client_order_id"),
        ({"deployment": "1.0"}, "deployment"),
    ],
)
def test_what_cannot_be_meant_is_400_with_a_sentence(browser, changes, field):
    answer = trade(browser, **changes)
    body = answer.json()
    assert (answer.status_code, set(body)) == (400, {"code", "message", "context"})
    assert field in body["message"]
    assert not Decision.objects.exists()


@pytest.mark.parametrize("literal", ["1e1", "1E1", "NaN", "Infinity", "-5", "1.000000001", "99999999999"])
def test_a_number_is_the_literal_as_sent(browser, literal):
    """Seen red with Django's own JSON parser, which reads 1e1 as 10."""
    text = f'{{"symbol": "AAA", "side": "BUY", "quantity": {literal}}}'
    answer = browser.post("/api/trade", text, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize("text", ["[]", "null", '"x"', "{", "7", '{"account": [1]}', '{"account": "x"}'])
def test_a_body_that_is_no_order(browser, text):
    answer = browser.post("/api/trade", text, content_type="application/json")
    assert (answer.status_code, set(answer.json())) == (400, {"code", "message", "context"})


def test_a_misspelt_key_makes_no_order(browser):
    """Seen red with keys passed over: an order meant to have a limit was bought at market."""
    answer = trade(browser, price="50")
    assert (answer.status_code, answer.json()["message"].split(":")[0]) == (400, "price")
    assert not Order.objects.exists()


def test_prices_that_a_type_needs(browser):
    assert trade(browser, order_type="LIMIT").json()["code"] == "PRICE_MISSING"
    assert trade(browser, limit_price="50").json()["code"] == "PRICE_UNEXPECTED"
    assert trade(browser, order_type="stop_loss", stop_price="1", side="SELL").status_code == 201
    assert trade(browser, symbol="ZZZ").json()["code"] == "UNKNOWN_SYMBOL"
    assert trade(browser, deployment=999).json()["code"] == "UNKNOWN_DEPLOYMENT"


def test_which_account_is_meant(browser, world, alice):
    from tests.world import account_make

    second = account_make(alice, world.feed, name="Second")
    assert trade(browser, account=second.pk).json()["order"]["account"] == second.pk
    assert trade(browser).json()["order"]["account"] == world.account.pk  # her first is her default
    assert (
        browser.post(f"/api/trade?account={second.pk}", {"account": world.account.pk}).json()["code"] == "ACCOUNT_TWICE"
    )
    alice.memberships.update(is_default=False)
    answer = trade(browser)
    assert (answer.status_code, answer.json()["code"]) == (400, "ACCOUNT_AMBIGUOUS")
    assert {row["id"] for row in answer.json()["context"]["accounts"]} == {world.account.pk, second.pk}


# --- orders -----------------------------------------------------------------------------------------------------------


def order(browser, **changes):
    body = {"symbol": "AAA", "quantity": "10", "side": "BUY", "order_type": "LIMIT", "limit_price": "1"} | changes
    return browser.post("/api/orders", body).json()


def test_an_order_from_asking_to_its_end(browser):
    made = order(browser)
    number = made["order"]["id"]
    assert (made["success"], made["order"]["state"], made["order"]["limit_price"]) == (True, "APPROVED", "1")
    assert made["decision"]["order"] == number
    detail = browser.get(f"/api/orders/{number}").json()
    assert [move["to_state"] for move in detail["moves"]] == ["APPROVED"]
    decision = browser.get(f"/api/decisions/{made['decision']['id']}").json()
    assert decision["rules"]
    assert decision["order"] == number
    assert browser.post(f"/api/orders/{number}/cancel").json()["state"] == "VOIDED"
    again = browser.post(f"/api/orders/{number}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "ORDER_ENDED")


def test_a_replacement_keeps_the_side(browser):
    number = order(browser)["order"]["id"]
    answer = browser.post(f"/api/orders/{number}/replace", {"quantity": "12"})
    assert (answer.status_code, answer.json()["order"]["quantity"], answer.json()["order"]["side"]) == (
        201,
        "12",
        "BUY",
    )
    assert browser.post(f"/api/orders/{number}/replace", {}).status_code == 400
    assert browser.post(f"/api/orders/{number}/replace", {"quantity": "-12"}).status_code == 400


def test_filters_of_orders(browser, world):
    order(browser)
    order(browser, symbol="BBB", limit_price="2")
    order(browser, symbol="CCC", quantity="9999", limit_price="2")

    def symbols(query):
        answer = browser.get(f"/api/orders?{query}")
        assert answer.status_code == 200, answer.json()
        return [row["symbol"] for row in answer.json()["results"]]

    assert symbols("") == ["CCC", "BBB", "AAA"]
    assert symbols(f"account={world.account.pk}&symbol=BBB") == ["BBB"]
    assert symbols("state=DENIED") == ["CCC"]
    assert symbols("state=approved,denied") == ["CCC", "BBB", "AAA"]
    assert symbols("side=SELL") == []
    assert symbols("role=manual&page_size=1") == ["CCC"]
    assert symbols("from=2010-01-01&to=2012-01-01") == ["CCC", "BBB", "AAA"]
    assert symbols("to=2009-01-01") == []


@pytest.mark.parametrize(
    "query", ["account=x", "account=0", "account=1e400", "state=GONE", "side=x", "from=x", "deployment=1.5", "page=0"]
)
def test_a_filter_that_cannot_be_meant(browser, query):
    assert browser.get(f"/api/orders?{query}").status_code in (400, 404)


def test_queries_of_the_lists(browser, world, alice, django_assert_num_queries):
    deployment = deploy(world, alice)
    for _ in range(4):
        order(browser, deployment=deployment.pk)
    # session, person, count, orders with instrument and deployment
    with django_assert_num_queries(4):
        assert browser.get("/api/orders").json()["count"] == 4
    # session, person, count, decisions with deployment and order
    with django_assert_num_queries(4):
        assert browser.get("/api/decisions").json()["count"] == 4
    # session, person, count, deployments with account
    with django_assert_num_queries(4):
        assert browser.get("/api/deployments").json()["count"] == 1


# --- exports ----------------------------------------------------------------------------------------------------------


def test_csv_by_the_same_filters(browser):
    order(browser, client_order_id="=1+1")
    order(browser, symbol="BBB")
    for address in ("/api/orders.csv?symbol=AAA", "/api/orders?format=csv&symbol=AAA"):
        answer = browser.get(address)
        assert answer["Content-Type"].startswith("text/csv")
        assert "orders.csv" in answer["Content-Disposition"]
        rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
        assert [(row["symbol"], row["client_order_id"]) for row in rows] == [("AAA", "'=1+1")]
    assert browser.get("/api/fills.csv").content.decode().startswith("id,account,order")
    assert browser.post("/api/orders.csv", {}).status_code == 405


def test_an_export_says_its_errors_in_json(browser):
    answer = browser.get("/api/orders.csv?state=GONE")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")
    assert set(json.loads(answer.content)) == {"code", "message", "context"}


@pytest.mark.parametrize(
    ("value", "text"),
    [("=A1", "'=A1"), ("+1", "'+1"), ("@x", "'@x"), ("-1.5", "-1.5"), ("-1+1", "'-1+1"), ("\tx", "'\tx"), (None, "")],
)
def test_a_cell_is_never_a_formula(value, text):
    assert cell(value) == text


# --- whole accounts ---------------------------------------------------------------------------------------------------


def test_start_and_stop(browser, world, alice):
    assert browser.post("/api/start").json()["code"] == "NO_DEPLOYMENTS"
    deploy(world, alice)
    assert browser.post("/api/start").json() == {"success": True, "message": "1 strategy running."}
    assert browser.get("/api/deployments").json()["results"][0]["state"] == "running"
    assert browser.post("/api/stop", {"account": world.account.pk}).json()["success"] is True
    path = f"/api/accounts/{world.account.pk}"
    assert browser.post(f"{path}/start").json()["success"] is True
    assert browser.post(f"{path}/stop").json()["success"] is True
    assert browser.get("/api/deployments").json()["results"][0]["state"] == "stopped"


@pytest.fixture
def holding(world, alice):
    deployment_start(deployment_id=deploy(world, alice, stop_loss=None, take_profit=None).pk, actor=alice)
    steps(world, 4)
    return world.fresh()


def test_what_a_strategy_did_can_be_read(browser, holding):
    fills = browser.get("/api/fills").json()["results"]
    assert [fill["symbol"] for fill in fills] == ["AAA"]
    assert browser.get("/api/fills?side=SELL").json()["count"] == 0
    evaluations = browser.get("/api/evaluations").json()["results"]
    assert evaluations[-1]["row"] == {"AAA": 1.0}
    detail = browser.get(f"/api/orders/{fills[0]['order']}").json()
    assert (detail["state"], detail["fills"][0]["price"]) == ("FILLED", fills[0]["price"])
    page = browser.get(f"/api/accounts/{holding.pk}/symbols/AAA").json()
    assert page["bars"][-1]["time"] == page["market_time"][:10]
    assert [signal["target"] for signal in page["signals"]] == ["1"]
    assert page["position"]["quantity"] == fills[0]["quantity"]
    assert page["orders"][0]["id"] == fills[0]["order"]
    assert browser.get(f"/api/accounts/{holding.pk}/symbols/ZZZ").status_code == 404


def test_protect_and_close_a_position(browser, holding):
    low = browser.post("/api/risk/stop-loss", {"symbol": "AAA", "stop_price": 20.5})
    assert (low.status_code, low.json()["success"], low.json()["orders"][0]["stop_price"]) == (200, True, "20.5")
    through = browser.post("/api/risk/stop-loss", {"symbol": "AAA", "stop_price": 9000})
    assert (through.status_code, through.json()["code"]) == (422, "STOP_THROUGH")
    assert browser.post("/api/risk/stop-loss", {"symbol": "BBB", "stop_price": 1}).json()["code"] == "NO_POSITION"
    closed = browser.post(f"/api/accounts/{holding.pk}/close-position", {"symbol": "AAA"}).json()
    assert (closed["success"], len(closed["orders"])) == (True, 1)


def test_cancel_all_leaves_protection(browser, holding):
    browser.post("/api/risk/stop-loss", {"symbol": "AAA", "stop_price": 20.5})
    order(browser, symbol="BBB")
    answer = browser.post(f"/api/accounts/{holding.pk}/cancel-all").json()
    assert [row["symbol"] for row in answer["orders"]] == ["BBB"]
    assert answer["message"] == "Cancel asked for 1 order."
    assert Order.objects.filter(protective=True, state=OrderState.APPROVED).count() == 1


def test_the_snapshot(browser, world, alice):
    body = browser.get(f"/api/accounts/{world.account.pk}/snapshot").json()
    assert (body["type"], body["state"]["account"]["role"]) == ("snapshot", "owner")
    assert Decimal(body["state"]["overview"]["total_value"]) == 100_000


# --- deployments ------------------------------------------------------------------------------------------------------


def test_a_deployment_is_made_changed_and_run(browser, world):
    body = {"name": "Cross", "strategy": "sma_cross", "symbols": ["AAA", "BBB"], "position_size": 0.05}
    known = browser.get("/api/strategies").json()["results"]
    cross = next(row for row in known if row["name"] == "sma_cross")
    names = [row["name"] for row in cross["parameters"]]
    parameters = {row["name"]: row["default"] for row in cross["parameters"]}
    answer = browser.post("/api/deployments", body | {"parameters": parameters, "stop_loss": None})
    made = answer.json()
    assert (answer.status_code, made["state"], made["position_size"], made["stop_loss"]) == (
        201,
        "stopped",
        "0.05",
        None,
    )
    path = f"/api/deployments/{made['id']}"
    assert browser.patch(path, {"priority": 3, "parameters": {names[0]: 5}}).json()["priority"] == 3
    assert browser.get(path).json()["parameters"][names[0]] == 5
    assert browser.post(f"{path}/start").json()["state"] == "running"
    assert browser.patch(path, {"priority": 4}).json()["code"] == "DEPLOYMENT_RUNNING"
    assert browser.post(f"{path}/stop").json()["state"] == "stopped"


@pytest.mark.parametrize(
    "changes",
    [
        {"strategy": "no_such"},
        {"symbols": []},
        {"symbols": ["ZZZ"]},
        {"parameters": {"nonsense": 1}},
        {"parameters": {"fast": [1]}},
        {"position_size": "0"},
        {"position_size": "1e-3"},
        {"on_limit": "maybe"},
        {"priority": 99999},
        {"name": ""},
    ],
)
def test_a_deployment_that_cannot_be_meant(browser, world, changes):
    body = {"name": "Cross", "strategy": "sma_cross", "symbols": ["AAA"]} | changes
    answer = browser.post("/api/deployments", body)
    assert (answer.status_code, set(answer.json())) == (400, {"code", "message", "context"})


# --- other people -----------------------------------------------------------------------------------------------------


def test_a_stranger_s_order_is_not_there(browser, world, alice, bob, charlie):
    membership_set(account_id=world.account.pk, user=bob, role="viewer", actor=alice)
    number = order(browser)["order"]["id"]
    assert client(bob).get(f"/api/orders/{number}").status_code == 200
    assert client(bob).post(f"/api/orders/{number}/cancel").status_code == 403
    assert client(charlie).get(f"/api/orders/{number}").json() == client(charlie).get(
        f"/api/orders/{number}"
    ).json() | {"code": "ORDER_NOT_FOUND"}
    missing = client(charlie).get(f"/api/orders/{uuid.uuid4()}").json()
    assert missing["code"] == "ORDER_NOT_FOUND"
    assert client(charlie).get("/api/orders").json()["count"] == 0
    assert client(charlie).get(f"/api/orders?account={world.account.pk}").status_code == 404
    assert client(charlie).get(f"/api/orders.csv?account={world.account.pk}").status_code == 404
