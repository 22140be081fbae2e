"""The interface's description is complete and true, and nothing that fits or violates it makes the site fail.

Schemathesis draws requests from the description, right ones and wrong ones; half of them carry ids that exist. Seen red
with a view that divides by zero for some numbers, and with a number field that takes any text.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from django.core.management import call_command
from django.db import transaction
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings, strategies
from hypothesis.errors import Unsatisfiable
from jsonschema import Draft4Validator
from rest_framework.test import APIClient
from schemathesis import GenerationMode

from backtests.services import backtest_submit
from operations.services import job_create
from tests.flows.test_access import routes
from trading.models import Decision, Order
from trading.services import deployment_create, deployment_start
from trading.services.replay import replay_step

EXAMPLES = 8
# refused for now, and said in our words: nothing is wrong with the site
PATIENCE = {"NO_QUOTE", "NO_LIVE_QUOTES", "NO_FEED"}
SEEDS = {
    ("/api/trade", "post"),
    ("/api/positions", "get"),
    ("/api/account", "get"),
    ("/api/quote/{symbol}", "get"),
    ("/api/history/{symbol}", "get"),
    ("/api/market/status", "get"),
    ("/api/status", "get"),
    ("/api/start", "post"),
    ("/api/stop", "post"),
    ("/api/config", "get"),
    ("/api/config", "post"),
    ("/api/backtest", "post"),
    ("/api/risk/metrics", "get"),
    ("/api/risk/stop-loss", "post"),
}


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))


def test_the_description_is_valid_and_without_warnings(tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def test_every_address_is_described(description: dict[str, Any]) -> None:
    known = {re.sub(r"<\w+:(\w+)>", r"{\1}", f"/{route}") for route in routes(get_resolver().url_patterns)}
    undescribed = {"/api/schema", "/api/docs"}
    assert {path for path in known if path.startswith("/api/")} - undescribed == set(description["paths"]) - {"/health"}


def test_every_seed_s_shape_has_an_example_that_fits(description: dict[str, Any]) -> None:
    missing = []
    for path, verb in sorted(SEEDS):
        operation = description["paths"][path][verb]
        answers = [answer for code, answer in operation["responses"].items() if code.startswith("2")]
        examples = [
            (content["schema"], example["value"])
            for answer in answers
            for content in answer.get("content", {}).values()
            for example in content.get("examples", {}).values()
        ]
        if not examples:
            missing.append(f"{verb} {path}")
        for schema, value in examples:
            validator = Draft4Validator({**schema, "components": description["components"]})
            faults = [fault.message for fault in validator.iter_errors(value) if "None is not" not in fault.message]
            assert not faults, (path, faults)
    assert not missing


@pytest.fixture
def ids(world: Any, alice: Any) -> dict[str, Any]:
    """Things of Alice's, by the names the addresses have for them."""
    deployment = deployment_create(
        account_id=world.account.pk, name="Hold", strategy="buy_and_hold", symbols=["AAA"], actor=alice
    )
    deployment_start(deployment_id=deployment.pk, actor=alice)
    for _ in range(4):
        replay_step(world.feed.pk)
    dates = {"start_date": "2010-02-01", "end_date": "2010-03-01"}
    run = backtest_submit(owner=alice, request={"symbols": ["AAA"], "initial_capital": "1000", **dates})
    return {
        "account_id": world.account.pk,
        "account": world.account.pk,
        "deployment_id": deployment.pk,
        "feed_id": world.feed.pk,
        "order_id": Order.objects.latest("created_at").pk,
        "decision_id": Decision.objects.latest("id").pk,
        "job_id": job_create(owner=alice, kind="backtest", arguments={}).pk,
        "run_id": run.pk,
        "user_id": alice.pk,
        "symbol": "AAA",
    }


def send(client: APIClient, case: Any) -> Any:
    """Send one drawn request as a browser of Alice's would, and take back what it changed."""
    prepared = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    url = urlsplit(prepared.url)
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body or b""
    target = f"{url.path}?{url.query}" if url.query else url.path
    return undone(client, prepared.method, target, body, prepared.headers.get("Content-Type", "application/json"))


def undone(client: APIClient, verb: str, target: str, body: Any, kind: str = "application/json") -> Any:
    """Send a request and roll back whatever it did."""
    block = transaction.atomic()
    block._from_testcase = True  # a durable block may start in it, as in the test's own
    with block:
        answer = client.generic(verb.upper(), target, data=body, content_type=kind)
        transaction.set_rollback(True)
    return answer


def fault(answer: Any) -> str:
    """What is wrong with an answer: a failure of the site, or an error without a sentence."""
    if answer.status_code < 400:
        return ""
    body = json.loads(answer.content) if "json" in answer.get("Content-Type", "") else {}
    if answer.status_code >= 500 and body.get("code") not in PATIENCE:
        return f"{answer.status_code} {body}"
    if set(body) != {"code", "message", "context"} or not body["message"]:
        return f"{answer.status_code} is no error of ours: {answer.content[:200]!r}"
    return ""


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
def test_nothing_that_is_sent_makes_the_site_fail(
    description: dict[str, Any], world: Any, alice: Any, ids: dict[str, Any], mode: GenerationMode
) -> None:
    client = APIClient(raise_request_exception=False)
    client.force_login(alice)
    faults: list[str] = []
    for result in schemathesis.openapi.from_dict(description).get_all_operations():
        operation = result.ok()
        try:
            cases = operation.as_strategy(generation_mode=mode)
            play(client, operation, cases, ids, faults)
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE, operation.label  # nothing can be wrong where nothing is asked
    assert not faults, "\n".join(faults[:20])


# what JSON can carry and a database, a clock or a stack cannot
AWKWARD = ['"\\ud800"', '"\\u0000"', "1e999", "-0", "[[[[[[]]]]]]", "{}", "true", "null", '"' + "9" * 5000 + '"']


def test_awkward_values_in_every_place_of_a_body(
    description: dict[str, Any], world: Any, alice: Any, ids: dict[str, Any]
) -> None:
    client = APIClient(raise_request_exception=False)
    client.force_login(alice)
    faults = []
    for path, operations in description["paths"].items():
        for verb, operation in operations.items():
            for name in body_names(description, operation):
                for text in AWKWARD:
                    answer = undone(client, verb, path.format(**ids | {"token_id": 1}), f'{{"{name}": {text}}}')
                    if found := fault(answer):
                        faults.append(f"{verb} {path} {name}={text[:20]}: {found}")
    assert not faults, "\n".join(faults)


def body_names(description: dict[str, Any], operation: dict[str, Any]) -> list[str]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    component = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    return list(description["components"]["schemas"].get(component, {}).get("properties", {}))


def play(client: APIClient, operation: Any, cases: Any, ids: dict[str, Any], faults: list[str]) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, known=strategies.booleans())
    def drawn(case: Any, known: bool) -> None:
        if known:
            real = {name: str(ids[name]) for name in case.path_parameters or {} if name in ids}
            case.path_parameters = {**(case.path_parameters or {}), **real}
        answer = send(client, case)
        if found := fault(answer):
            faults.append(f"{operation.label} {case.path_parameters} {case.query} {case.body!r}: {found}"[:600])

    drawn()
