"""From a request to a stored result: rows, jobs, the pool, stopping, running twice.

Seen red: without the claim, `test_a_job_delivered_twice_runs_once` stored two results; without the stop on leaving,
`test_a_child_is_asked_to_stop` ran to its end.
"""

from datetime import date

import numpy as np
import pytest

from backtests.config import EngineConfig, EngineDeployment
from backtests.models import BacktestRun
from backtests.selectors import backtest_result
from backtests.services import backtest_execute, backtest_submit, backtest_wait, runs
from backtests.services.pool import pool_close, pool_run
from operations.errors import InvalidInput
from operations.models import Job
from operations.services import job_stop_request
from tests.backtests.markets import Meanwhile, panel_of
from trading.strategies.sma_cross import SmaCross


def executed(run: BacktestRun) -> BacktestRun:
    backtest_execute(job_id=run.job_id)
    return BacktestRun.objects.select_related("job").get(pk=run.pk)


def test_a_run_ends_with_its_figures(alice, market, body):
    run = executed(backtest_submit(owner=alice, request=body))
    assert (run.state, run.job.progress, run.job.result) == ("succeeded", 1.0, {"run": run.pk})
    result = backtest_result(run)
    assert result["num_trades"] == len(result["trade_history"]) > 4
    assert result["final_value"] == result["equity_curve"][-1]["equity"]
    assert result["equity_curve"][0]["session_on"] == "2004-06-01"
    assert result["equity_curve"][-1]["session_on"] == "2005-06-01"
    assert result["settings"]["parameters"] == {"fast": 10, "slow": 30}
    assert "DUPLICATE" in result["rules_not_simulated"]
    for key in ("total_return", "sharpe_ratio", "max_drawdown", "win_rate"):
        assert isinstance(result[key], float)


def test_the_same_request_gives_the_same_result(alice, market, body):
    first, second = (executed(backtest_submit(owner=alice, request=body)) for _ in range(2))
    assert backtest_result(first) == backtest_result(second)


@pytest.mark.parametrize("strategy", ["sma_cross", "donchian", "rsi_reversion", "buy_and_hold"])
def test_every_strategy_of_the_site_trades(alice, market, body, strategy):
    run = executed(backtest_submit(owner=alice, request={**body, "strategy": strategy}))
    assert run.state == "succeeded"
    assert run.summary["num_trades"] > 0


def test_in_the_pool_it_is_the_same(alice, market, body, settings):
    here = executed(backtest_submit(owner=alice, request=body))
    settings.COMPUTE_IN_POOL = True
    try:
        there = executed(backtest_submit(owner=alice, request=body))
    finally:
        pool_close()
    assert there.state == "succeeded"
    assert backtest_result(here) == backtest_result(there)


def test_a_child_is_asked_to_stop():
    rows = 30_000
    panel = panel_of({"AAA": [(10.0, 10.0, 10.0, 10.0)] * rows})
    deployment = EngineDeployment(key="1", strategy=SmaCross, symbols=("AAA",))
    first, last = (date.fromisoformat(str(day)) for day in panel.times[[0, -1]])
    config = EngineConfig(first_on=first, last_on=last, capital=1000, deployments=(deployment,))
    try:
        with pool_run(config, panel) as running:
            while running.fraction <= 0 and not running.future.done():
                pass
            assert 0 < running.fraction < 1
        assert running.future.result(timeout=20) is None
    finally:
        pool_close()


def test_a_job_delivered_twice_runs_once(alice, market, body):
    run = executed(backtest_submit(owner=alice, request=body))
    attempt = run.job.attempt
    BacktestRun.objects.filter(pk=run.pk).update(summary={"kept": True})
    assert executed(run).summary == {"kept": True}
    assert Job.objects.get(pk=run.job_id).attempt == attempt == 1


def test_a_stopped_job_is_not_run(alice, market, body):
    run = backtest_submit(owner=alice, request=body)
    job_stop_request(job_id=run.job_id)
    assert executed(run).state == "stopped"


@pytest.fixture
def meanwhile(settings, monkeypatch):
    """Installs a strategy that does as it is told while it runs."""
    settings.STRATEGIES = [*settings.STRATEGIES, "tests.backtests.markets.Meanwhile"]
    return lambda action: monkeypatch.setattr(Meanwhile, "action", staticmethod(action))


def test_a_running_job_honours_its_stop_flag(alice, market, body, meanwhile):
    run = backtest_submit(owner=alice, request={**body, "strategy": "meanwhile"})
    meanwhile(lambda: job_stop_request(job_id=run.job_id))
    run = executed(run)
    assert (run.state, run.summary) == ("stopped", None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"symbols": ["AAA", "ZZZ"]}, "SYMBOL_UNKNOWN"),
        ({"start_date": "1999-01-04", "end_date": "1999-06-01"}, "RANGE_EMPTY"),
        ({"start_date": "2004-06-05", "end_date": "2004-06-06"}, "RANGE_EMPTY"),
        ({"symbols": ["CCC"], "end_date": "2004-09-01"}, "RANGE_EMPTY"),
        ({"start_date": "2030-01-02", "end_date": "2031-01-02"}, "RANGE_EMPTY"),
    ],
)
def test_what_has_no_bars_is_refused_at_once(alice, market, body, changes, code):
    with pytest.raises(InvalidInput) as caught:
        backtest_submit(owner=alice, request={**body, **changes})
    assert caught.value.code == code
    assert not Job.objects.exists()


def test_a_symbol_that_lists_later_is_no_fault(alice, market, body):
    run = executed(backtest_submit(owner=alice, request={**body, "symbols": ["AAA", "CCC"]}))
    assert {trade["symbol"] for trade in backtest_result(run)["trade_history"]} == {"AAA", "CCC"}


def test_a_site_without_bars_says_so(alice, body, settings, tmp_path):
    settings.LAKE_URL = str(tmp_path / "lake")
    with pytest.raises(InvalidInput):
        backtest_submit(owner=alice, request=body)


def test_a_strategy_that_fails_fails_the_job_in_words(alice, market, body, meanwhile):
    meanwhile(lambda: 1 / 0)
    run = executed(backtest_submit(owner=alice, request={**body, "strategy": "meanwhile"}))
    assert (run.state, run.summary) == ("failed", None)
    assert "Meanwhile failed: ZeroDivisionError" in run.job.error


def test_waiting_ends_at_its_deadline_and_at_four(alice, market, body):
    run = backtest_submit(owner=alice, request=body)
    assert backtest_wait(run=run, seconds=0.1).state == "pending"
    taken = [runs._waits.acquire(blocking=False) for _ in range(runs.WAITS_MAX)]
    try:
        assert backtest_wait(run=run, seconds=60).state == "pending"
    finally:
        for _ in filter(None, taken):
            runs._waits.release()


def test_numbers_of_the_panel_stay_finite(alice, market, body):
    run = executed(backtest_submit(owner=alice, request=body))
    assert np.isfinite([point["equity"] for point in backtest_result(run)["equity_curve"]]).all()
