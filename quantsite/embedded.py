"""The whole site in one process: the ASGI server in the main thread, everything else in threads beside it.

Threads: two Celery workers (one for long work, so that it never delays trading), the scheduler, the dispatcher and
the replay. Nothing queued in memory outlives the process: rows are the truth, and the start enqueues again what they
say is owed. One process serves a data folder, held by a lock the kernel frees however the process ends.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from celery import Celery
from celery.beat import Service
from celery.result import _set_task_join_will_block
from celery.worker import WorkController
from celery.worker import state as worker_state
from channels.layers import get_channel_layer
from django.db import connections

from quantsite.channel_layer import LoopBoundInMemoryChannelLayer

log = logging.getLogger(__name__)

Loop = Callable[[threading.Event], None]

WORKER_START_S = 20.0
STOP_S = 4.0
SOCKET_CLOSE_S = 2
LOOP_RESTART_S = 1.0
DRAIN_S = 0.2
FRAME_BYTES = 64 * 1024


class ServeError(Exception):
    """The site cannot be served; the message is one sentence for the operator."""


@contextmanager
def data_folder_lock(folder: Path) -> Iterator[None]:
    """Hold the data folder for this process; raise `ServeError` when another server has it."""
    path = folder / "serve.lock"
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise ServeError(
                f"Another Quantsite server (process {holder}) already serves the data folder {folder}; "
                "stop it first, or set DATA_DIR to another folder."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def port_bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address; raise `ServeError` when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # listening at once: two servers could both bind, only one can listen
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise ServeError(
            f"Port {port} on {host} cannot be used ({error.strerror}); "
            f"stop what uses it, or choose another: PORT={port + 1 if port < 65535 else 8000} make run."
        ) from None
    return listener


class EmbeddedWorker(WorkController):
    """A Celery worker that says when it takes tasks."""

    def __init__(self, **options: Any) -> None:
        self.ready = threading.Event()
        super().__init__(**options)

    def on_consumer_ready(self, consumer: Any) -> None:
        """Celery's hook: the consumer is connected."""
        # Celery waits two seconds for a message before it looks at its stop flag, and once more after
        drain = consumer.connection.drain_events
        consumer.connection.drain_events = lambda timeout: drain(timeout=min(timeout, DRAIN_S))
        self.ready.set()


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """One worker thread pool: its name, its queues, how many tasks at once."""

    name: str
    queues: tuple[str, ...]
    concurrency: int


WORKERS = (WorkerPlan("trading", ("trading", "market", "default"), 4), WorkerPlan("compute", ("compute",), 2))


@dataclass(slots=True)
class Background:
    """The threads beside the server: started before its loop exists, stopped after it has ended."""

    app: Celery
    loops: dict[str, Loop]
    on_death: Callable[[str], None]
    plans: tuple[WorkerPlan, ...] = WORKERS
    stopping: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)
    beat: Service | None = None

    def start(self) -> None:
        """Start workers, scheduler and loops; must not be called on an event loop (Celery uses the ORM here)."""
        worker_state.should_stop = worker_state.should_terminate = None
        self.app.finalize()
        self.app.set_default()
        self.app.set_current()
        for plan in self.plans:
            self._worker_start(plan)
        # the worker forbids result.get() for the whole process, the web threads included
        _set_task_join_will_block(False)
        for name, loop in {"scheduler": self._beat_run, **self.loops}.items():
            self._thread_start(name, self._loop_run, name, loop)

    def stop_request(self) -> None:
        """Tell every thread to end; returns at once."""
        self.stopping.set()
        worker_state.should_stop = 0
        if self.beat is not None:
            self.beat.stop()

    def stop(self, timeout_s: float = STOP_S) -> list[str]:
        """End every thread; return the names of those still busy when the time is up."""
        self.stop_request()
        deadline = time.monotonic() + timeout_s
        for thread in self.threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return [thread.name for thread in self.threads if thread.is_alive()]

    def _thread_start(self, name: str, target: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, name=name, daemon=True)
        thread.start()
        self.threads.append(thread)

    def _worker_start(self, plan: WorkerPlan) -> None:
        # one after the other: Celery keeps the selected queues on the application until the worker has subscribed
        worker = EmbeddedWorker(
            app=self.app,
            hostname=f"{plan.name}@localhost",
            queues=list(plan.queues),
            concurrency=plan.concurrency,
            pool="threads",
            loglevel="WARNING",
            logfile=None,
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
        )
        self._thread_start(f"worker-{plan.name}", self._worker_run, plan.name, worker)
        if not worker.ready.wait(WORKER_START_S):
            raise ServeError(f"The {plan.name} worker did not start within {WORKER_START_S:.0f} s; the log says why.")

    def _worker_run(self, name: str, worker: EmbeddedWorker) -> None:
        try:
            worker.start()
        except Exception:
            log.exception("the %s worker failed", name)
        finally:
            connections.close_all()
        if not self.stopping.is_set():
            self.on_death(f"worker-{name}")

    def _beat_run(self, stopping: threading.Event) -> None:
        self.app.set_current()
        # a short interval, so that the thread sees the end of the process in time
        self.beat = Service(self.app, max_interval=1, scheduler_cls=self.app.conf.beat_scheduler, remote_control=False)
        if not stopping.is_set():
            self.beat.start()

    def _loop_run(self, name: str, loop: Loop) -> None:
        while not self.stopping.is_set():
            try:
                loop(self.stopping)
            except Exception:
                log.exception("the %s failed and starts again", name)
            finally:
                connections.close_all()
            self.stopping.wait(LOOP_RESTART_S)


class SiteServer(uvicorn.Server):
    """The ASGI server of the process: says when it answers, and stops the threads as soon as it is told to stop."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self.on_ready, self.on_stop = on_ready, on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Uvicorn's hook: listen, then say so."""
        await super().startup(sockets=sockets)
        if self.started:
            self.on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Uvicorn's hook: the threads wind down while connections are closed."""
        self.on_stop()
        await super().shutdown(sockets=sockets)

    def stop_on_signal(self, number: int, frame: FrameType | None) -> None:
        """Handle signals that arrive before the server handles them itself, and those it raises again at its end."""
        self.should_exit = True


def server_config() -> uvicorn.Config:
    """Return the ASGI server's configuration; sockets take frames of at most 64 KB."""
    return uvicorn.Config(
        "quantsite.asgi:application",
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        ws_max_size=FRAME_BYTES,
        timeout_graceful_shutdown=SOCKET_CLOSE_S,
    )


async def _serve_bound(server: SiteServer, listener: socket.socket) -> None:
    layer = get_channel_layer()
    bound = layer if isinstance(layer, LoopBoundInMemoryChannelLayer) else None
    if bound:
        bound.bind(asyncio.get_running_loop())
    try:
        await server.serve(sockets=[listener])
    finally:
        if bound:
            bound.unbind()


def run(
    *,
    app: Celery,
    loops: dict[str, Loop],
    listener: socket.socket,
    on_started: Callable[[], None],
    on_ready: Callable[[], None],
) -> int:
    """Serve until a signal arrives; return the exit code.

    `on_started` runs once the workers take tasks and before the first request, `on_ready` when requests are answered.
    Work that does not end in time is left: the caller must end the process with `process_end`.
    """
    server: SiteServer
    deaths: list[str] = []

    def on_death(name: str) -> None:
        deaths.append(name)
        server.should_exit = True

    background = Background(app=app, loops=loops, on_death=on_death)
    server = SiteServer(server_config(), on_ready=on_ready, on_stop=background.stop_request)
    server.config.load()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, server.stop_on_signal)
    try:
        background.start()
        on_started()
        if not server.should_exit:
            with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
                runner.run(_serve_bound(server, listener))
    finally:
        busy = background.stop()
    if busy:
        log.warning("stopped while %s were busy; their rows are taken up at the next start", ", ".join(busy))
    if deaths:
        log.error("the site stopped because %s ended by itself", ", ".join(deaths))
    return 1 if deaths else 0


def process_end(code: int) -> None:
    """End this process now, with the children of its process pools; threads still busy do not hold it up.

    Every row they work on is committed or rolled back by the database, as after a kill.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    for child in multiprocessing.active_children():
        child.kill()
    os._exit(code)
