"""Submitting a backtest and running it: a row, a job, the engine in a process of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from datetime import date
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from backtests import engine
from backtests.config import EngineConfig
from backtests.models import BacktestRun
from backtests.request import request_config, request_parse
from backtests.results import result_summary, result_tables
from backtests.selectors import strategies_available
from backtests.services.pool import pool_close, pool_run
from backtests.store import tables_pack
from marketdata.bars import Panel
from marketdata.models import DatasetVersion
from marketdata.selectors import dataset_latest, instruments_get, panel_get
from operations.errors import ApplicationError, InvalidInput, NotFound
from operations.models import Job
from operations.services import job_claim, job_create, job_fail, job_progress, job_stopped, job_succeed
from risk.facts import InstrumentFacts
from trading.evaluation import StrategyFault

log = structlog.get_logger(__name__)

WAITS_MAX = 4  # requests that may wait for a result at once, in one process
POLL_S = 0.05
REPORT_S = 0.5

_waits = threading.BoundedSemaphore(WAITS_MAX)


@transaction.atomic
def backtest_submit(*, owner: Any, request: Mapping[str, Any]) -> BacktestRun:
    """Check a request, store it as a run and enqueue its job.

    Locks nothing. Symbols, span and bars must exist now; the data version found here is the one that is run on.
    """
    asked = request_parse(request, strategies_available())
    facts = _instruments(asked["symbols"])
    version = dataset_latest()
    _panel(asked, version)
    job = job_create(owner=owner, kind="backtest", arguments={"symbols": sorted(facts), "request": asked})
    return BacktestRun.objects.create(owner=owner, job=job, request=asked, dataset_version=version)


def backtest_execute(*, job_id: UUID | str) -> None:
    """Claim the job and run its backtest to the end; nothing happens when another worker has claimed it."""
    job = job_claim(job_id=job_id)
    if job is None:
        return
    try:
        _execute(job)
    except (ApplicationError, StrategyFault, ValueError) as error:
        job_fail(job_id=job.pk, error=getattr(error, "message", None) or str(error), attempt=job.attempt)
    except BrokenProcessPool:
        pool_close()
        job_fail(job_id=job.pk, error="The process that ran the backtest ended; start it again.", attempt=job.attempt)
    except Exception:
        log.exception("backtest_failed", job=str(job.pk))
        job_fail(job_id=job.pk, error="The backtest failed by a fault of the site; it is logged.", attempt=job.attempt)
        raise


def backtest_wait(*, run: BacktestRun, seconds: float) -> BacktestRun:
    """Wait for a run's job at most so long, unless four requests of this process already do; returns it as it stands.

    No result is awaited on a queue: the job's row is read again and again.
    """
    if seconds <= 0 or not _waits.acquire(blocking=False):
        return run
    try:
        deadline = time.monotonic() + seconds
        while run.job.state not in Job.FINAL and time.monotonic() < deadline:
            time.sleep(POLL_S)
            run.job.refresh_from_db(fields=["state", "error"])
    finally:
        _waits.release()
    run.refresh_from_db()
    return run


def _execute(job: Job) -> None:
    run = BacktestRun.objects.select_related("dataset_version").get(job=job)
    strategy = strategies_available().get(run.request["strategy"])
    if strategy is None:
        raise InvalidInput("STRATEGY_UNKNOWN", f"The strategy {run.request['strategy']} is no longer installed.")
    config = request_config(run.request, strategy, _instruments(run.request["symbols"]))
    panel = _panel(run.request, run.dataset_version)
    compute = _compute_in_pool if settings.COMPUTE_IN_POOL else _compute_here
    result = compute(job, config, panel)
    if result is None:
        job_stopped(job_id=job.pk, attempt=job.attempt)
        return
    if len(result.faults) == len(config.deployments):
        raise StrategyFault(result.faults[0].text)
    summary = result_summary(result, config, run.request)
    with transaction.atomic():
        if job_succeed(job_id=job.pk, result={"run": run.pk}, attempt=job.attempt):
            run.summary, run.tables = summary, tables_pack(result_tables(result))
            run.save(update_fields=["summary", "tables"])


def _reporter(job: Job) -> Callable[[float], bool]:
    """Progress to the job's row, at most twice a second; the answer is whether to go on."""
    due = 0.0

    def report(fraction: float) -> bool:
        nonlocal due
        if (now := time.monotonic()) < due:
            return True
        due = now + REPORT_S
        return job_progress(job_id=job.pk, fraction=fraction, attempt=job.attempt)

    return report


def _compute_here(job: Job, config: EngineConfig, panel: Panel) -> engine.EngineResult | None:
    return engine.run(config, panel, _reporter(job))


def _compute_in_pool(job: Job, config: EngineConfig, panel: Panel) -> engine.EngineResult | None:
    report = _reporter(job)
    with pool_run(config, panel) as running:
        while True:
            try:
                return running.future.result(timeout=POLL_S)
            except FutureTimeoutError:
                if not report(running.fraction):
                    return None


def _instruments(symbols: list[str]) -> dict[str, InstrumentFacts]:
    """Facts of these symbols; InvalidInput naming the ones that are not known."""
    try:
        found = instruments_get(symbols)
    except NotFound as error:
        raise InvalidInput(error.code, error.message, **error.context) from error
    return {
        symbol: InstrumentFacts(
            symbol=symbol,
            currency=instrument.currency,
            tick=instrument.tick,
            step=instrument.step,
            minimum_quantity=instrument.minimum_quantity,
            multiplier=instrument.multiplier,
            tradable=instrument.tradable,
        )
        for symbol, instrument in found.items()
    }


def _panel(request: Mapping[str, Any], version: DatasetVersion) -> Panel:
    """Every bar of the symbols up to the run's end; InvalidInput where its span holds none."""
    start, end = date.fromisoformat(request["start_date"]), date.fromisoformat(request["end_date"])
    symbols = tuple(request["symbols"])
    try:
        panel = panel_get(symbols=symbols, version=version, until_on=end)
    except NotFound as error:
        raise InvalidInput(error.code, error.message, **error.context) from error
    if not engine.has_bars(panel, start, end):
        raise InvalidInput("RANGE_EMPTY", f"There are no bars of {', '.join(symbols[:10])} from {start} to {end}.")
    return panel
