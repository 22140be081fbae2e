"""Backtests over HTTP: the seeds' answer, the later one, and whose runs are whose."""

import threading
import time

import pytest
from django.db import connection
from rest_framework.test import APIClient

from backtests.models import BacktestRun
from backtests.services import backtest_execute, backtest_submit
from tests.backtests.markets import Meanwhile

SEEDS_KEYS = {
    "strategy_name", "start_date", "end_date", "initial_capital", "final_value", "total_return", "sharpe_ratio",
    "max_drawdown", "num_trades", "win_rate", "trade_history",
}  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="threads share one SQLite memory database by table locks")
def test_the_result_comes_in_time(alice, market, body, client_of):
    """A worker takes the job while the request waits."""

    def work():
        try:
            while not BacktestRun.objects.exists():
                time.sleep(0.01)
            backtest_execute(job_id=BacktestRun.objects.get().job_id)
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        answer = client_of(alice).post("/api/backtest", body, format="json")
    finally:
        worker.join()
    assert answer.status_code == 200, answer.content
    assert answer.json()["success"] is True
    result = answer.json()["result"]
    assert set(result) >= SEEDS_KEYS
    assert set(result["trade_history"][0]) >= {
        "trade_id", "symbol", "action", "quantity", "price", "timestamp", "pnl",
    }  # fmt: skip
    assert isinstance(result["final_value"], float)


def test_without_a_worker_it_is_an_address(alice, market, body, client_of):
    client = client_of(alice)
    answer = client.post("/api/backtest", {**body, "wait": 0}, format="json")
    assert answer.status_code == 202
    told = answer.json()
    assert told["success"] is True
    assert told["address"] == f"/api/backtests/{told['run']}" == answer["Location"]
    assert client.get(told["address"]).json()["state"] == "pending"
    assert client.get(told["address"]).json()["result"] is None
    backtest_execute(job_id=BacktestRun.objects.get().job_id)
    found = client.get(told["address"]).json()
    assert found["state"] == "succeeded"
    assert set(found["result"]) >= SEEDS_KEYS


def test_a_failed_run_says_why(alice, market, body, client_of, settings, monkeypatch):
    settings.STRATEGIES = [*settings.STRATEGIES, "tests.backtests.markets.Meanwhile"]
    monkeypatch.setattr(Meanwhile, "action", staticmethod(lambda: 1 / 0))
    run = backtest_submit(owner=alice, request={**body, "strategy": "meanwhile"})
    backtest_execute(job_id=run.job_id)
    found = client_of(alice).get(f"/api/backtests/{run.pk}").json()
    assert found["state"] == "failed"
    assert "ZeroDivisionError" in found["error"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"start_date": "yesterday"}, "DATES_INVALID"),
        ({"symbols": ["ZZZ"]}, "SYMBOL_UNKNOWN"),
        ({"initial_capital": -1}, "NUMBER_INVALID"),
        ({"start_date": "1999-01-04", "end_date": "1999-02-01"}, "RANGE_EMPTY"),
        ({"wait": "soon"}, "WAIT_INVALID"),
        ({"wait": 1000}, "WAIT_INVALID"),
    ],
)
def test_bad_input_is_400_with_a_sentence(alice, market, body, client_of, changes, code):
    answer = client_of(alice).post("/api/backtest", {**body, **changes}, format="json")
    assert answer.status_code == 400
    assert answer.json()["code"] == code
    assert answer.json()["message"].endswith(".")


def test_a_body_that_is_no_object_is_400(alice, market, client_of):
    assert client_of(alice).post("/api/backtest", [1], format="json").status_code == 400


def test_runs_are_their_owners_alone(alice, charlie, market, body, client_of):
    run = backtest_submit(owner=alice, request=body)
    assert [row["id"] for row in client_of(alice).get("/api/backtests").json()["results"]] == [run.pk]
    assert client_of(charlie).get("/api/backtests").json()["results"] == []
    assert client_of(charlie).get(f"/api/backtests/{run.pk}").status_code == 404
    assert client_of(alice).get("/api/backtests/999999").status_code == 404


def test_nobody_runs_a_backtest_unnamed(market, body, client_of):
    assert APIClient().post("/api/backtest", body, format="json").status_code == 401
    assert APIClient().get("/api/backtests").status_code == 401


def test_queries_of_the_list(alice, market, body, client_of, django_assert_num_queries):
    """1 session, 2 user, 3 count, 4 runs with their jobs."""
    for _ in range(3):
        backtest_submit(owner=alice, request=body)
    client = client_of(alice)
    with django_assert_num_queries(4):
        client.get("/api/backtests")
