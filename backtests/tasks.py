"""The worker's side of backtests."""

from __future__ import annotations

from celery import shared_task

from backtests import services


@shared_task
def backtest_execute(job_id: str) -> None:
    """Run the backtest of a job; a second delivery finds it claimed and does nothing."""
    services.backtest_execute(job_id=job_id)
