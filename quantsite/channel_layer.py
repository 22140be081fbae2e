"""In-memory channel layer of the one-process site: its state lives on one event loop.

The in-memory layer of channels is not thread-safe: a message put on a queue from a worker thread does not
wake the loop that serves the sockets, so it waits for the loop's next tick and a burst overflows meanwhile.
Here every call made on another loop hops to the home loop, which the server names when it starts.
Messages are hints (the database has the truth), so one that finds the server gone is dropped.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from channels.layers import InMemoryChannelLayer

log = logging.getLogger(__name__)

HOP_TIMEOUT_S = 5.0


class LoopBoundInMemoryChannelLayer(InMemoryChannelLayer):
    """The in-memory layer with a home loop; unbound (tests, commands) it behaves like its parent."""

    _home: asyncio.AbstractEventLoop | None = None
    _closed = False

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Make `loop` the one loop on which queues and groups are touched."""
        self._home, self._closed = loop, False

    def unbind(self) -> None:
        """Forget the home loop because its server has stopped; later messages are dropped."""
        self._home, self._closed = None, True

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        """Put one message on a channel."""
        await self._hop(super().send(channel, message))

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Put one message on every channel of a group."""
        await self._hop(super().group_send(group, message))

    async def group_add(self, group: str, channel: str) -> None:
        """Add a channel to a group."""
        await self._hop(super().group_add(group, channel))

    async def group_discard(self, group: str, channel: str) -> None:
        """Take a channel out of a group."""
        await self._hop(super().group_discard(group, channel))

    async def _hop(self, call: Coroutine[Any, Any, None]) -> None:
        if self._closed:
            call.close()
            return
        home = self._home
        if home is None or home is asyncio.get_running_loop():
            await call
            return
        try:
            future = asyncio.run_coroutine_threadsafe(call, home)
        except RuntimeError:  # the loop closed between the look and the call
            call.close()
            return
        try:
            await asyncio.wait_for(asyncio.wrap_future(future), HOP_TIMEOUT_S)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            log.info("channel layer: the server is stopping, a message was dropped")
        except TimeoutError:
            log.info("channel layer: the server does not take messages, one was dropped")
