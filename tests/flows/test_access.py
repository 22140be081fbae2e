"""Who gets what: every address of the site by every verb by every kind of person, in one generated table.

A route that is not in the table fails, and so does a row of the table without a route. Rows name a rule; a rule says
what each person gets. Seen red with the check of the right to write left out, an unfiltered list, and a new route.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import URLResolver, get_resolver
from rest_framework.test import APIClient

from backtests.services import backtest_submit
from marketdata.services import feed_create
from operations.services import notification_send
from portfolio.services import membership_set
from tests.world import account_make
from trading.models import Decision, Order
from trading.services import deployment_create, deployment_start
from trading.services.replay import replay_step
from users.services import token_create

SECRET = "Alice's own strategy"
VERBS = ("get", "post", "put", "patch", "delete")
OK, SEEN = "ok", "seen"  # done, or asked for what cannot be done now; looked at
PEOPLE = ("nobody", "alice", "bob", "charlie", "dora", "oscar", "reading token of alice", "token of charlie")


def rule(*answers: int | str) -> dict[str, int | str]:
    return dict(zip(PEOPLE, answers, strict=True))


# of each rule, what nobody, the owner, a viewer, a stranger, a risk manager, an operator, a reading token of the
# owner and a full token of a stranger get
RULES = {
    "public": rule(SEEN, SEEN, SEEN, SEEN, SEEN, SEEN, SEEN, SEEN),
    "everyone reads": rule(401, SEEN, SEEN, SEEN, SEEN, SEEN, SEEN, SEEN),
    "everyone does for themselves": rule(401, OK, OK, OK, OK, OK, 403, OK),
    "everyone does, also with a reading token": rule(401, OK, OK, OK, OK, OK, OK, OK),
    "everyone manages their own": rule(401, OK, OK, OK, OK, OK, 403, OK),
    "account read": rule(401, SEEN, SEEN, 404, SEEN, SEEN, SEEN, 404),
    "account write": rule(401, OK, 403, 404, 403, 403, 403, 404),
    "account stop": rule(401, OK, 403, 404, OK, OK, 403, 404),
    "account resume": rule(401, OK, 403, 404, OK, 403, 403, 404),
    "own read": rule(401, SEEN, 404, 404, 404, 404, SEEN, 404),
    "own write": rule(401, OK, 404, 404, 404, 404, 403, 404),
    "feed write": rule(401, OK, 403, 403, 403, OK, 403, 403),
    "nothing": rule(404, 404, 404, 404, 404, 404, 404, 404),
    "account page": rule(302, SEEN, SEEN, 404, SEEN, SEEN, 302, 302),
    "own page": rule(302, SEEN, 404, 404, 404, 404, 302, 302),
    "page": rule(302, SEEN, SEEN, SEEN, SEEN, SEEN, 302, 302),
    "entrance": rule(302, 302, 302, 302, 302, 302, 302, 302),
}


@dataclass
class Row:
    """One verb of one address: by which rule, and with which ids filled into query and body."""

    rule: str
    query: str = ""
    body: dict[str, Any] = field(default_factory=dict)


def get(rule_name: str, /, query: str = "") -> dict[str, Row]:
    return {"get": Row(rule_name, query)}


def post(rule_name: str, /, **body: Any) -> dict[str, Row]:
    return {"post": Row(rule_name, body=body)}


NAMED = {"account": "{account}"}
TRADE = {"symbol": "AAA", "quantity": "1", "side": "BUY"}
BACKTEST = {
    "symbols": ["AAA"],
    "start_date": "2010-02-01",
    "end_date": "2010-03-01",
    "initial_capital": "1000",
    "wait": "0",
}
NOWHERE = "^api/"  # every other address
TABLE: dict[str, dict[str, Row]] = {
    "health": get("public"),
    # the person
    "api/me": get("everyone reads"),
    "api/tokens": get("everyone reads")
    | post("everyone manages their own", name="x", scopes=["read"], expires_in_days="1"),
    "api/tokens/<int:token_id>": get("own read") | {"delete": Row("own write")},
    "api/notifications": get("account read", "?account={account}"),
    "api/notifications/read": post("everyone does, also with a reading token"),
    "api/jobs": get("everyone reads"),
    "api/jobs/<uuid:job_id>": get("own read"),
    "api/jobs/<uuid:job_id>/stop": post("own write"),
    "api/backtest": post("everyone does for themselves", **BACKTEST),
    "api/backtests": get("everyone reads"),
    "api/backtests/<int:run_id>": get("own read"),
    # the market, by the clock of an account
    "api/quote/<path:symbol>": get("account read", "?account={account}"),
    "api/history/<path:symbol>": get("account read", "?account={account}"),
    "api/market/status": get("account read", "?account={account}"),
    "api/instruments": get("everyone reads"),
    "api/instruments/<path:symbol>": get("everyone reads"),
    "api/feeds": get("everyone reads"),
    "api/feeds/<int:feed_id>": get("everyone reads"),
    "api/feeds/<int:feed_id>/pause": post("feed write"),
    "api/feeds/<int:feed_id>/resume": post("feed write"),
    "api/feeds/<int:feed_id>/speed": post("feed write", speed="2"),
    "api/strategies": get("everyone reads"),
    # accounts
    "api/accounts": get("everyone reads") | post("everyone does for themselves", name="New", capital="1000"),
    "api/accounts/<int:account_id>": get("account read"),
    "api/accounts/<int:account_id>/equity": get("account read"),
    "api/accounts/<int:account_id>/performance": get("account read"),
    "api/accounts/<int:account_id>/snapshot": get("account read"),
    "api/accounts/<int:account_id>/events": get("account read"),
    "api/accounts/<int:account_id>/symbols/<path:symbol>": get("account read"),
    "api/accounts/<int:account_id>/deposit": post("account write", amount="1"),
    "api/accounts/<int:account_id>/withdraw": post("account write", amount="1"),
    "api/accounts/<int:account_id>/members": get("account read")
    | post("account write", username="charlie", role="viewer"),
    "api/accounts/<int:account_id>/members/<int:user_id>": {"delete": Row("account write")},
    "api/accounts/<int:account_id>/start": post("account write"),
    "api/accounts/<int:account_id>/stop": post("account write"),
    "api/accounts/<int:account_id>/close-position": post("account write", symbol="AAA"),
    "api/accounts/<int:account_id>/cancel-all": post("account write"),
    "api/accounts/<int:account_id>/emergency-stop": post("account stop", reason="a drill"),
    "api/accounts/<int:account_id>/resume": post("account resume", reason="over"),
    # the seeds' addresses, the account named in query or body
    "api/status": get("account read", "?account={account}"),
    "api/positions": get("account read", "?account={account}"),
    "api/account": get("account read", "?account={account}"),
    "api/risk/metrics": get("account read", "?account={account}"),
    "api/config": get("account read", "?account={account}") | post("account write", **NAMED),
    "api/trade": post("account write", **TRADE, **NAMED),
    "api/start": post("account write", **NAMED),
    "api/stop": post("account write", **NAMED),
    "api/risk/stop-loss": post("account write", symbol="AAA", stop_price="1", **NAMED),
    # rows of trading, the account and the deployment in the filter
    "api/orders": get("account read", "?account={account}&deployment={deployment}")
    | post("account write", **TRADE, **NAMED, dry_run=True),
    "api/orders.csv": get("account read", "?account={account}"),
    "api/orders/<uuid:order_id>": get("account read"),
    "api/orders/<uuid:order_id>/cancel": post("account write"),
    "api/orders/<uuid:order_id>/replace": post("account write", quantity="2"),
    "api/fills": get("account read", "?deployment={deployment}"),
    "api/fills.csv": get("account read", "?deployment={deployment}"),
    "api/decisions": get("account read", "?account={account}"),
    "api/decisions/<int:decision_id>": get("account read"),
    "api/evaluations": get("account read", "?deployment={deployment}"),
    "api/deployments": get("account read", "?account={account}")
    | post("account write", name="Another", strategy="buy_and_hold", symbols=["AAA"], **NAMED),
    "api/deployments/<int:deployment_id>": get("account read")
    | {"patch": Row("account write", body={"priority": "2"})},
    "api/deployments/<int:deployment_id>/start": post("account write"),
    "api/deployments/<int:deployment_id>/stop": post("account write"),
    # the description
    "api/schema": get("everyone reads"),
    "api/docs": get("everyone reads"),
    NOWHERE: {verb: Row("nothing") for verb in VERBS},
    # pages
    "": get("entrance"),
    "accounts/<int:account_id>/": get("account page"),
    "accounts/<int:account_id>/orders/": get("account page"),
    "accounts/<int:account_id>/symbols/<path:symbol>/": get("account page"),
    "accounts/<int:account_id>/settings/": get("account page"),
    "decisions/<int:decision_id>/": get("account page"),
    "backtests/": get("page"),
    "backtests/<int:backtest_id>/": get("own page"),
    "jobs/": get("page"),
    "tokens/": get("page"),
    "notifications/": get("page"),
}
# without naming an account or a filter each person gets their own, and nobody else's
LISTS = ["orders", "fills", "decisions", "evaluations", "deployments", "notifications", "jobs", "backtests", "accounts"]
ELSEWHERE = ("admin/", "sign-in/", "static/", "favicon")  # their own tests, or no data of anybody


def routes(patterns: Any, prefix: str = "") -> list[str]:
    found = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found += routes(pattern.url_patterns, prefix + str(pattern.pattern))
        else:
            found.append(prefix + str(pattern.pattern))
    return [route for route in found if not route.startswith(ELSEWHERE)]


def test_the_table_has_every_route_and_no_other() -> None:
    found = routes(get_resolver().url_patterns)
    assert sorted(found) == sorted(set(found)), "an address is taken twice"
    assert sorted(TABLE) == sorted(found)


class Scene:
    """Alice's things, and a client for each person."""

    def __init__(self, world: Any, people: dict[str, Any]) -> None:
        alice, charlie = people["alice"], people["charlie"]
        membership_set(account_id=world.account.pk, user=people["bob"], role="viewer", actor=alice)
        other = feed_create(name="Other", start_on=world.feed.start_on, make_current=False)
        account_make(charlie, other, name="Charlie's")
        deployment = deployment_create(
            account_id=world.account.pk, name=SECRET, strategy="buy_and_hold", symbols=["AAA"], actor=alice
        )
        deployment_start(deployment_id=deployment.pk, actor=alice)
        for _ in range(4):
            replay_step(world.feed.pk)
        browser = self.client_of(alice)
        body = {**TRADE, "order_type": "LIMIT", "limit_price": "1", "deployment": str(deployment.pk)}
        assert browser.post("/api/orders", body).status_code == 201
        token, reading = token_create(user=alice, name=SECRET, scopes=["read"], expires_in=timedelta(days=1))
        _, full = token_create(user=charlie, name="x", scopes=["read", "trade", "admin"], expires_in=timedelta(days=1))
        notification_send(user=alice, level="info", title=SECRET, body="", stream=world.account.stream)
        run = backtest_submit(owner=alice, request={name: value for name, value in BACKTEST.items() if name != "wait"})
        self.ids = {
            "account_id": world.account.pk,
            "account": world.account.pk,
            "feed_id": world.feed.pk,
            "deployment_id": deployment.pk,
            "deployment": deployment.pk,
            "order_id": Order.objects.latest("created_at").pk,
            "decision_id": Decision.objects.latest("id").pk,
            "token_id": token.pk,
            "job_id": run.job_id,
            "run_id": run.pk,
            "backtest_id": run.pk,
            "user_id": people["bob"].pk,
            "symbol": "AAA",
        }
        self.clients = {name: self.client_of(person) for name, person in people.items()} | {
            "nobody": APIClient(),
            "reading token of alice": self.client_with(reading),
            "token of charlie": self.client_with(full),
        }

    @staticmethod
    def client_of(person: Any) -> APIClient:
        client = APIClient()
        client.force_login(person)
        return client

    @staticmethod
    def client_with(token: str) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        return client

    def ask(self, person: str, route: str, verb: str, row: Row) -> Any:
        """Send one request and take back whatever it changed."""
        address = re.sub(r"<\w+:(\w+)>", lambda match: str(self.ids[match[1]]), route) + row.query
        address = address.replace(NOWHERE, "api/nowhere/at%0Aall")
        body = {name: self.filled(value) for name, value in row.body.items()}
        block = transaction.atomic()
        block._from_testcase = True  # a durable block may start in it, as in the test's own
        with block:
            options = {} if verb == "get" else {"data": body, "format": "json"}
            answer = getattr(self.clients[person], verb)("/" + self.filled(address), **options)
            transaction.set_rollback(True)
        return answer

    def filled(self, value: Any) -> Any:
        return value.format(**self.ids) if isinstance(value, str) else value


@pytest.fixture
def scene(world: Any, alice: Any, bob: Any, charlie: Any, dora: Any, oscar: Any, settings: Any) -> Scene:
    settings.EMBEDDED = True
    return Scene(world, {"alice": alice, "bob": bob, "charlie": charlie, "dora": dora, "oscar": oscar})


def agrees(status: int, expected: int | str) -> bool:
    if expected == SEEN:
        return status == 200
    if expected == OK:
        return 200 <= status < 300 or status == 409  # 409: may, but it is not the moment
    return status == expected


@pytest.mark.parametrize("person", PEOPLE)
def test_every_address_and_verb(scene: Scene, person: str) -> None:
    wrong = []
    for route, verbs in TABLE.items():
        for verb in VERBS:
            row = verbs.get(verb)
            answer = scene.ask(person, route, verb, row or Row(""))
            if row is not None and not agrees(answer.status_code, RULES[row.rule][person]):
                wrong.append(f"{verb} {route}: {answer.status_code}, by '{row.rule}' {RULES[row.rule][person]}")
            if row is None and answer.status_code not in (302, 401, 403, 404, 405):
                wrong.append(f"{verb} {route}: {answer.status_code}, though it is no verb of this address")
            if person in ("nobody", "charlie", "token of charlie") and SECRET in answer.content.decode():
                wrong.append(f"{verb} {route}: shows what is Alice's")
    assert not wrong, "\n".join(wrong)


def test_a_list_without_a_filter_shows_one_s_own(scene: Scene) -> None:
    row = Row("everyone reads", query="?page_size=500")
    for name in LISTS:
        for person, sees in (("alice", True), ("charlie", False), ("token of charlie", False)):
            body = scene.ask(person, f"api/{name}", "get", row).json()
            rows = [row for row in body["results"] if row.get("name") != "Charlie's"]
            assert bool(rows) == sees, (name, person, rows)


NAMING = [
    ("api/orders", "?deployment={deployment}", None),
    ("api/orders.csv", "?deployment={deployment}", None),
    ("api/fills", "?account={account}", None),
    ("api/fills.csv", "?account={account}", None),
    ("api/decisions", "?deployment={deployment}", None),
    ("api/evaluations", "?account={account}", None),
    ("api/orders", "?account={account}&format=csv", None),
    ("api/trade", "", TRADE | NAMED | {"dry_run": True}),
    ("api/trade", "?account={account}", TRADE),
    ("api/orders", "", TRADE | NAMED),
    ("api/config", "?account={account}", {}),
]


def test_an_id_in_a_filter_an_export_or_a_body_is_not_there_for_a_stranger(scene: Scene) -> None:
    for route, query, body in NAMING:
        row = Row("", query=query, body=body or {})
        for person in ("charlie", "token of charlie"):
            status = scene.ask(person, route, "get" if body is None else "post", row).status_code
            assert status == 404, (route, query, person, status)


def test_a_stranger_s_order_cannot_name_another_s_deployment(scene: Scene) -> None:
    row = Row("", body={**TRADE, "deployment": "{deployment}"})
    answer = scene.ask("charlie", "api/trade", "post", row)
    assert (answer.status_code, answer.json()["code"]) == (400, "UNKNOWN_DEPLOYMENT")
