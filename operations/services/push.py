"""Telling the channel layer what was committed, from any thread, without waiting for it.

The Redis layer keeps one connection per event loop, so a loop made for each message would connect for each message.
Here one thread per process keeps one loop, and sends in the order it was asked to. Messages are hints: what is not
yet sent when the process ends is found by the next heartbeat.
"""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from channels_redis.core import RedisChannelLayer

log = structlog.get_logger(__name__)

Message = tuple[str, dict[str, Any]]


def push(group: str, message: dict[str, Any]) -> None:
    """Send one message to a group. A failure is logged: the committed event stands and the caller goes on."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        if not isinstance(layer, RedisChannelLayer):
            async_to_sync(layer.group_send)(group, message)
        else:
            _sender().put((group, message))
    except Exception:  # whatever the layer raises, the committed event stands and the caller goes on
        log.exception("event_push_failed", group=group, number=message.get("number"))


class _Sender:
    """A thread with an event loop that sends message after message."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.loop = asyncio.new_event_loop()
        self.queue: asyncio.Queue[Message] = asyncio.Queue()
        threading.Thread(target=self._run, name="channel-push", daemon=True).start()

    def put(self, message: Message) -> None:
        """Queue one message; returns at once."""
        self.loop.call_soon_threadsafe(self.queue.put_nowait, message)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._send())

    async def _send(self) -> None:
        layer: Any = get_channel_layer()
        while True:
            group, message = await self.queue.get()
            try:
                await layer.group_send(group, message)
            except Exception:  # as above; the next message is tried
                log.exception("event_push_failed", group=group, number=message.get("number"))


_lock = threading.Lock()
_senders: list[_Sender] = []


def _sender() -> _Sender:
    """The sender of this process: a forked child has a loop of its own."""
    with _lock:
        if not _senders or _senders[0].process != os.getpid():
            _senders[:] = [_Sender()]
        return _senders[0]
