"""The account socket: authenticate, join, snapshot with its number, then every later event, and a heartbeat.

Messages are hints. A heartbeat carries the number the database has, so a client that lost one asks for what it missed.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlparse

from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http.request import validate_host
from rest_framework.exceptions import AuthenticationFailed

from operations.errors import ApplicationError
from operations.events import group_name
from operations.selectors import event_last_number
from portfolio.selectors import account_get_for
from trading.selectors.snapshot import snapshot_get
from users.authentication import TokenAuthentication
from users.models import Scope, User

HEARTBEAT_S = 3.0
FRAME_BYTES = 65_536
MESSAGES_PER_HEARTBEAT = 30
CLOSE_UNAUTHENTICATED = 4401
CLOSE_FORBIDDEN = 4403
CLOSE_NOT_FOUND = 4404
CLOSE_TOO_MUCH = 4429


class SocketAuthentication:
    """Put the person in the scope: by token in the Authorization header, else by session from an allowed origin."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.session = AuthMiddlewareStack(inner)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        """Authenticate one connection."""
        headers = dict(scope.get("headers", ()))
        origin = headers.get(b"origin", b"").decode("latin-1")
        scope = dict(scope)
        scope["origin_allowed"] = origin_allowed(origin) if origin else None
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        if authorization:
            scope["user"] = await database_sync_to_async(token_user)(authorization)
            scope["by_token"], scope["authorization"] = True, authorization
            return await self.inner(scope, receive, send)
        scope["by_token"] = False
        return await self.session(scope, receive, send)


def token_user(authorization: str) -> Any:
    """Return the owner of a token that may read; nobody when it is unknown, revoked, expired or may not."""
    kind, _, token = authorization.partition(" ")
    if kind.lower() not in ("token", "bearer"):
        return AnonymousUser()
    try:
        user, row = TokenAuthentication().authenticate_credentials(token.strip().encode("latin-1"))
    except AuthenticationFailed:
        return AnonymousUser()
    return user if Scope.READ in row.scopes else AnonymousUser()


def origin_allowed(origin: str) -> bool:
    """Return whether a browser's page of this origin may open our sockets."""
    parsed = urlparse(origin)
    if parsed.hostname is None:
        return False
    return origin in settings.CSRF_TRUSTED_ORIGINS or validate_host(parsed.hostname, settings.ALLOWED_HOSTS)


class AccountConsumer(AsyncWebsocketConsumer):
    """One browser or program watching one account."""

    group = ""
    last = 0
    received = 0
    beating: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Let in who may see the account; send the snapshot."""
        await self.accept()
        refusal = self._refusal()
        if refusal is not None:
            await self._refuse(*refusal)
            return
        try:
            account, role = await database_sync_to_async(self._account)()
        except ApplicationError as error:
            await self._refuse(CLOSE_NOT_FOUND, error.code, error.message)
            return
        self.group = group_name(account.stream)
        self.stream = account.stream
        await self.channel_layer.group_add(self.group, self.channel_name)
        snapshot = await database_sync_to_async(self._snapshot)(account, role)
        self.last = snapshot["number"]
        await self._say(snapshot)
        self.beating = asyncio.create_task(self._beat())

    async def disconnect(self, code: int) -> None:
        """Leave the group and stop the heartbeat."""
        if self.beating is not None:
            self.beating.cancel()
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take a ping; nothing else is asked of this socket, and too much of it closes it."""
        self.received += 1
        size = len(text_data or "") + len(bytes_data or b"")
        if size > FRAME_BYTES or self.received > MESSAGES_PER_HEARTBEAT:
            await self.close(code=CLOSE_TOO_MUCH)

    async def stream_event(self, message: dict[str, Any]) -> None:
        """Forward an event that the snapshot does not hold."""
        if message["number"] <= self.last:
            return
        self.last = message["number"]
        await self._say(event_message(message))

    def _refusal(self) -> tuple[int, str, str] | None:
        user = self.scope.get("user")
        if self.scope["origin_allowed"] is False or (
            self.scope["origin_allowed"] is None and not self.scope["by_token"]
        ):
            return CLOSE_FORBIDDEN, "ORIGIN_REFUSED", "This socket may only be opened from the site's own pages."
        if user is None or not user.is_authenticated:
            return CLOSE_UNAUTHENTICATED, "NOT_AUTHENTICATED", "Sign in, or send a token, to watch an account."
        return None

    def _account(self) -> tuple[Any, str | None]:
        account = account_get_for(self.scope["user"], self.scope["url_route"]["kwargs"]["account_id"])
        return account, account.role

    def _snapshot(self, account: Any, role: str | None) -> dict[str, Any]:
        return snapshot_get(account, user=self.scope["user"], role=role)

    async def _beat(self) -> None:
        """Send the number the database has; close when the person may no longer see the account."""
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            self.received = 0
            number = await database_sync_to_async(self._still_allowed)()
            if number is None:
                await self.close(code=CLOSE_UNAUTHENTICATED)
                return
            await self._say({"type": "heartbeat", "number": number})

    def _still_allowed(self) -> int | None:
        if self.scope["by_token"]:
            user = token_user(self.scope["authorization"])
        else:
            user = User.objects.filter(pk=self.scope["user"].pk).first()
        if user is None or not user.is_active:
            return None
        try:
            account_get_for(user, self.scope["url_route"]["kwargs"]["account_id"])
        except ApplicationError:
            return None
        return event_last_number(self.stream)

    async def _refuse(self, close: int, code: str, message: str) -> None:
        await self._say({"type": "error", "code": code, "message": message})
        await self.close(code=close)

    async def _say(self, message: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(message))


def event_message(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event as clients get it, on the socket and from the interface alike."""
    return {
        "type": "event",
        "number": event["number"],
        "kind": event["kind"],
        "market_time": event["market_time"],
        "put": event["payload"].get("put", {}),
        "drop": event["payload"].get("drop", {}),
    }


class NowhereConsumer(AsyncWebsocketConsumer):
    """Every other address: refused as what is not there, not by a fault."""

    async def connect(self) -> None:
        """Say so and close."""
        await self.accept()
        await self.close(code=CLOSE_NOT_FOUND)
