"""Websocket routes."""

from __future__ import annotations

from django.urls import path

from quantsite.consumers import AccountConsumer

websocket_urlpatterns = [path("ws/accounts/<int:account_id>/", AccountConsumer.as_asgi())]
