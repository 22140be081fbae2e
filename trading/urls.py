"""Routes of the trading room. Symbols are path segments that may hold slashes."""

from django.urls import path

from trading.api import accounts, deployments, orders, records

urlpatterns = [
    path("api/trade", accounts.TradeView.as_view(), name="api-trade"),
    path("api/start", accounts.StartView.as_view(), name="api-start"),
    path("api/stop", accounts.StopView.as_view(), name="api-stop"),
    path("api/risk/stop-loss", accounts.StopLossView.as_view(), name="api-stop-loss"),
    path("api/orders", orders.OrderListView.as_view(), name="api-orders"),
    path("api/orders.csv", orders.OrderExportView.as_view(), name="api-orders-csv"),
    path("api/orders/<uuid:order_id>", orders.OrderView.as_view(), name="api-order"),
    path("api/orders/<uuid:order_id>/cancel", orders.OrderCancelView.as_view(), name="api-order-cancel"),
    path("api/orders/<uuid:order_id>/replace", orders.OrderReplaceView.as_view(), name="api-order-replace"),
    path("api/fills", orders.FillListView.as_view(), name="api-fills"),
    path("api/fills.csv", orders.FillExportView.as_view(), name="api-fills-csv"),
    path("api/decisions", records.DecisionListView.as_view(), name="api-decisions"),
    path("api/decisions/<int:decision_id>", records.DecisionView.as_view(), name="api-decision"),
    path("api/evaluations", records.EvaluationListView.as_view(), name="api-evaluations"),
    path("api/strategies", records.StrategyListView.as_view(), name="api-strategies"),
    path("api/deployments", deployments.DeploymentListView.as_view(), name="api-deployments"),
    path("api/deployments/<int:deployment_id>", deployments.DeploymentView.as_view(), name="api-deployment"),
    path(
        "api/deployments/<int:deployment_id>/start",
        deployments.DeploymentStartView.as_view(),
        name="api-deployment-start",
    ),
    path(
        "api/deployments/<int:deployment_id>/stop", deployments.DeploymentStopView.as_view(), name="api-deployment-stop"
    ),
    path("api/accounts/<int:account_id>/snapshot", accounts.SnapshotView.as_view(), name="api-account-snapshot"),
    path("api/accounts/<int:account_id>/start", accounts.AccountStartView.as_view(), name="api-account-start"),
    path("api/accounts/<int:account_id>/stop", accounts.AccountStopView.as_view(), name="api-account-stop"),
    path(
        "api/accounts/<int:account_id>/close-position", accounts.ClosePositionView.as_view(), name="api-close-position"
    ),
    path("api/accounts/<int:account_id>/cancel-all", accounts.CancelAllView.as_view(), name="api-cancel-all"),
    path(
        "api/accounts/<int:account_id>/symbols/<path:symbol>",
        accounts.AccountSymbolView.as_view(),
        name="api-account-symbol",
    ),
]
