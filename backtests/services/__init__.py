"""Changes to backtests: submit a run, execute its job, wait for it."""

from backtests.services.runs import backtest_execute, backtest_submit, backtest_wait

__all__ = ["backtest_execute", "backtest_submit", "backtest_wait"]
