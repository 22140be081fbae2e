"""Routes of the pages."""

from __future__ import annotations

from django.urls import path

from quantsite import views

urlpatterns = [
    path("", views.home, name="home"),
    path("accounts/<int:account_id>/", views.dashboard, name="dashboard"),
    path("accounts/<int:account_id>/orders/", views.account_orders, name="account_orders"),
    path("accounts/<int:account_id>/symbols/<path:symbol>/", views.symbol, name="symbol"),
    path("accounts/<int:account_id>/settings/", views.account_settings, name="account_settings"),
    path("decisions/<int:decision_id>/", views.decision, name="decision"),
    path("backtests/", views.backtests, name="backtests"),
    path("backtests/<int:backtest_id>/", views.backtest, name="backtest"),
    path("jobs/", views.jobs, name="jobs"),
    path("tokens/", views.tokens, name="tokens"),
    path("notifications/", views.notifications, name="notifications"),
]
