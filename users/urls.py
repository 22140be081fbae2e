"""Routes of users."""

from django.urls import path

from users import api

urlpatterns = [
    path("api/me", api.MeView.as_view(), name="api-me"),
    path("api/tokens", api.TokenListView.as_view(), name="api-tokens"),
    path("api/tokens/<int:token_id>", api.TokenView.as_view(), name="api-token"),
]
