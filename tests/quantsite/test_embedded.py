"""The one-process runtime: the lock on the data folder, the port, the channel layer bound to the server's loop."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import socket
import threading
import time

import pytest

from quantsite.channel_layer import LoopBoundInMemoryChannelLayer
from quantsite.embedded import Background, ServeError, data_folder_lock, port_bind


def hold(folder, ready):
    with data_folder_lock(folder):
        ready.set()
        time.sleep(60)


def test_second_server_on_a_data_folder_is_told_who_has_it(tmp_path):
    with (
        data_folder_lock(tmp_path),
        pytest.raises(ServeError, match=f"process {os.getpid()}.*data folder"),
        data_folder_lock(tmp_path),
    ):
        pass


def test_data_folder_is_free_after_kill(tmp_path):
    """Seen red with a file whose existence is the lock instead of flock: the folder stays taken."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    child = context.Process(target=hold, args=(tmp_path, ready))
    child.start()
    assert ready.wait(20)
    with pytest.raises(ServeError), data_folder_lock(tmp_path):
        pass
    os.kill(child.pid, signal.SIGKILL)
    child.join(10)
    with data_folder_lock(tmp_path):
        pass


def test_taken_port_is_one_sentence():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ServeError, match=r"Port \d+ on 127\.0\.0\.1 cannot be used .* PORT="):
            port_bind("127.0.0.1", other.getsockname()[1])


def test_port_is_kept_for_one_server():
    """Seen red without `listen` in `port_bind`: with address reuse two sockets can bind one port."""
    with port_bind("127.0.0.1", 0) as first, pytest.raises(ServeError):
        port_bind("127.0.0.1", first.getsockname()[1])


def test_loop_that_fails_starts_again_and_stops():
    background = Background(app=None, loops={}, on_death=lambda name: None, plans=())
    calls = []

    def loop(stop):
        calls.append(stop)
        raise ValueError("once more")

    thread = threading.Thread(target=background._loop_run, args=("replay", loop))
    thread.start()
    deadline = time.monotonic() + 10
    while len(calls) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    background.stop_request()
    thread.join(5)
    assert len(calls) >= 2
    assert not thread.is_alive()


async def test_messages_from_threads_all_arrive_in_order():
    """Seen red with channels' own in-memory layer: of a burst from a thread only the first hundred arrived."""
    layer = LoopBoundInMemoryChannelLayer(capacity=100)
    layer.bind(asyncio.get_running_loop())
    await layer.group_add("account.1", "socket")

    def burst():
        async def send():
            for number in range(500):
                await layer.group_send("account.1", {"type": "stream.event", "number": number})

        asyncio.run(send())

    thread = threading.Thread(target=burst)
    thread.start()
    received = [await asyncio.wait_for(layer.receive("socket"), 10) for _ in range(500)]
    await asyncio.to_thread(thread.join)
    assert [message["number"] for message in received] == list(range(500))


def test_message_after_the_server_stopped_is_dropped_at_once():
    """Seen red without the answer to a closed loop and with an empty `unbind`: the sender failed on the closed loop."""
    layer = LoopBoundInMemoryChannelLayer()
    loop = asyncio.new_event_loop()
    layer.bind(loop)
    loop.close()
    started = time.monotonic()
    asyncio.run(layer.group_send("account.1", {"type": "stream.event"}))
    layer.unbind()
    asyncio.run(layer.group_send("account.1", {"type": "stream.event"}))
    assert time.monotonic() - started < 1


async def test_unbound_layer_delivers_on_its_own_loop():
    layer = LoopBoundInMemoryChannelLayer()
    await layer.send("socket", {"type": "hello"})
    assert await layer.receive("socket") == {"type": "hello"}
