"""Websocket routes."""

from __future__ import annotations

from django.urls import path, re_path

from quantsite.consumers import AccountConsumer, NowhereConsumer

websocket_urlpatterns = [
    path("ws/accounts/<int:account_id>/", AccountConsumer.as_asgi()),
    re_path(r"", NowhereConsumer.as_asgi()),
]
