"""Questions about backtests: a person's own runs, their tables, the strategies that can be run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from backtests.models import BacktestRun
from backtests.store import tables_unpack
from operations.errors import NotFound
from trading.strategies.base import Strategy
from trading.strategies.registry import strategies_load


@cache
def _strategies(paths: tuple[str, ...]) -> dict[str, type[Strategy]]:
    return strategies_load(paths)


def strategies_available() -> Mapping[str, type[Strategy]]:
    """The installed strategies by name."""
    return _strategies(tuple(settings.STRATEGIES))


def backtests_for(user: Any) -> QuerySet[BacktestRun]:
    """A person's own runs, newest first, without their tables."""
    return BacktestRun.objects.filter(owner=user).select_related("job").defer("tables")


def backtest_get_for(user: Any, run_id: int) -> BacktestRun:
    """One run of this person with its tables; NotFound for anyone else's."""
    try:
        return BacktestRun.objects.select_related("job").get(owner=user, pk=run_id)
    except BacktestRun.DoesNotExist as error:
        raise NotFound("BACKTEST_NOT_FOUND", "There is no such backtest.", run=run_id) from error


def backtest_result(run: BacktestRun) -> dict[str, Any] | None:
    """The whole result of a finished run, the seeds' fields first; None while there is none."""
    if run.summary is None or run.tables is None:
        return None
    tables = tables_unpack(bytes(run.tables))
    return {**run.summary, "trade_history": tables["trades"], "equity_curve": tables["equity"]}
