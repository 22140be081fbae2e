"""Routes of the portfolio room."""

from django.urls import path

from portfolio import api

urlpatterns = [
    path("api/accounts/<int:account_id>", api.AccountView.as_view(), name="api-account-detail"),
    path("api/accounts/<int:account_id>/equity", api.EquityView.as_view(), name="api-account-equity"),
    path("api/accounts/<int:account_id>/performance", api.PerformanceView.as_view(), name="api-account-performance"),
    path("api/accounts/<int:account_id>/deposit", api.DepositView.as_view(), name="api-account-deposit"),
    path("api/accounts/<int:account_id>/withdraw", api.WithdrawView.as_view(), name="api-account-withdraw"),
    path("api/accounts/<int:account_id>/members", api.MemberListView.as_view(), name="api-account-members"),
    path("api/accounts/<int:account_id>/members/<int:user_id>", api.MemberView.as_view(), name="api-account-member"),
]
