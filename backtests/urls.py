"""Addresses of the backtests' interface."""

from django.urls import path

from backtests import api

urlpatterns = [
    path("api/backtest", api.BacktestView.as_view(), name="api-backtest"),
    path("api/backtests", api.BacktestListView.as_view(), name="api-backtests"),
    path("api/backtests/<int:run_id>", api.BacktestDetailView.as_view(), name="api-backtest-detail"),
]
