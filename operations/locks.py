"""Locks between processes: the stop barrier, owners of single orders, single holders of a loop.

On SQLite they are `flock` files under DATA_DIR/locks; on PostgreSQL session advisory locks on a
dedicated connection, which lives as long as the thread holds a lock on it. Both end with the
process. A `Lease` is true while the lock is held; `alive()` asks whether it still is: after a lost
connection nothing more may be sent.
"""

import fcntl
import hashlib
import os
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from operations.errors import Unavailable

_POLL_S = 0.005
_BARRIER_WAIT_S = 2.0


class Lease:
    """What a lock gives: true while it is held."""

    def __init__(self, check: Callable[[], bool] | None) -> None:
        self._check = check

    def __bool__(self) -> bool:
        return self._check is not None

    def alive(self) -> bool:
        """Whether the lock is still held now (asks the database where that can be lost)."""
        return self._check is not None and self._check()

    def _end(self) -> None:
        self._check = None


@contextmanager
def stop_barrier_shared(scope_keys: Iterable[str], *, timeout_s: float = _BARRIER_WAIT_S) -> Iterator[Lease]:
    """Held by a sender around re-check and send, for every scope the order belongs to.

    Raises Unavailable when a stop holds or awaits one of the scopes for longer than `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    with ExitStack() as stack:
        leases = [
            stack.enter_context(_acquire("barrier", key, shared=True, deadline=deadline))
            for key in sorted(set(scope_keys))
        ]
        if not all(leases):
            raise Unavailable("STOP_IN_PROGRESS", "A stop is in progress for this order's scope; nothing is sent.")
        lease = Lease(lambda: all(each.alive() for each in leases))
        try:
            yield lease
        finally:
            lease._end()


@contextmanager
def stop_barrier_exclusive(scope_key: str, timeout_s: float) -> Iterator[Lease]:
    """Held by a stop: true means that no send in this scope is in progress and none can begin.

    Commit the latch first. The lease is false when sends in flight did not end within `timeout_s`:
    the drain is then unconfirmed. New senders wait behind a waiting stop, so it cannot starve.
    """
    deadline = time.monotonic() + timeout_s
    with _acquire("barrier", scope_key, shared=False, deadline=deadline) as lease:
        yield lease


@contextmanager
def owner_lock(key: str, *, timeout_s: float = 0.0) -> Iterator[Lease]:
    """One owner of `key` (an order) at a time; the lease is false when another one holds it."""
    with _acquire("owner", key, shared=False, deadline=time.monotonic() + timeout_s) as lease:
        yield lease


@contextmanager
def singleton_lock(name: str) -> Iterator[Lease]:
    """One holder of a loop or a data folder; never waits: the lease is false when there is one already."""
    with _acquire("singleton", name, shared=False, deadline=time.monotonic()) as lease:
        yield lease


@contextmanager
def lock_session() -> Iterator[None]:
    """Keeps the dedicated connection open between locks: for loops that take many (dispatchers)."""
    if connection.vendor != "postgresql":
        yield
        return
    _session.enter()
    try:
        yield
    finally:
        _session.leave()


def _acquire(kind: str, key: str, *, shared: bool, deadline: float) -> AbstractContextManager[Lease]:
    backend = _advisory if connection.vendor == "postgresql" else _file
    return backend(kind, key, shared=shared, deadline=deadline)


@contextmanager
def _file(kind: str, key: str, *, shared: bool, deadline: float) -> Iterator[Lease]:
    path = _lock_path(kind, key)
    with ExitStack() as stack:
        if kind == "barrier" and not shared:
            stack.enter_context(_intent(path, deadline))
        descriptor = _flock_until(path, shared=shared, respect_intents=kind == "barrier" and shared, deadline=deadline)
        lease = Lease(None if descriptor is None else lambda: True)
        try:
            yield lease
        finally:
            lease._end()
            if descriptor is not None:
                _flock_release(path, descriptor, remove=kind == "owner")


def _lock_path(kind: str, key: str) -> Path:
    folder = Path(settings.DATA_DIR) / "locks" / kind
    folder.mkdir(parents=True, exist_ok=True)
    readable = re.sub(r"[^A-Za-z0-9_-]", ".", key)[:60]
    return folder / f"{readable}.{hashlib.blake2b(key.encode(), digest_size=6).hexdigest()}"


def _flock_until(path: Path, *, shared: bool, respect_intents: bool, deadline: float) -> int | None:
    """A descriptor that holds the lock, or None at the deadline; tries at least once."""
    while True:
        if not (respect_intents and _intents(path)):
            descriptor = _flock_try(path, shared)
            if descriptor is not None:
                return descriptor
        if time.monotonic() >= deadline:
            return None
        time.sleep(_POLL_S)


def _flock_try(path: Path, shared: bool) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        # The holder before us may have removed the file: then this lock is on a file nobody else finds.
        if os.stat(path).st_ino == os.fstat(descriptor).st_ino:
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass  # held by another, or removed in between: both mean "not now", and the caller tries again
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _flock_release(path: Path, descriptor: int, *, remove: bool) -> None:
    if remove:
        path.unlink(missing_ok=True)
    os.close(descriptor)


@contextmanager
def _intent(path: Path, deadline: float) -> Iterator[None]:
    """A marker that a stop waits; it outdates itself at the deadline, should its writer die."""
    folder = _intent_folder(path)
    folder.mkdir(exist_ok=True)
    marker = folder / uuid.uuid4().hex
    marker.touch()
    until = time.time() + max(0.0, deadline - time.monotonic())
    os.utime(marker, (until, until))
    try:
        yield
    finally:
        marker.unlink(missing_ok=True)


def _intents(path: Path) -> bool:
    """Whether a stop waits for this barrier; markers of the dead are cleared away."""
    waiting = False
    try:
        entries = list(os.scandir(_intent_folder(path)))
    except FileNotFoundError:
        return False
    for entry in entries:
        try:
            until = entry.stat().st_mtime
        except FileNotFoundError:
            continue
        if until > time.time():
            waiting = True
        elif until < time.time() - 60:
            Path(entry.path).unlink(missing_ok=True)
    return waiting


def _intent_folder(path: Path) -> Path:
    return path.with_name(path.name + ".intents")


class _Session(threading.local):
    """The thread's dedicated connection, open while something needs it."""

    def __init__(self) -> None:
        self.users = 0
        self.held: Counter[int] = Counter()
        self.database: BaseDatabaseWrapper | None = None

    def enter(self) -> BaseDatabaseWrapper:
        if self.database is None:
            self.database = connection.copy()
            self.database.ensure_connection()
        self.users += 1
        return self.database

    def leave(self) -> None:
        self.users -= 1
        if self.users == 0 and self.database is not None:
            database, self.database = self.database, None
            database.close()


_session = _Session()


@contextmanager
def _advisory(kind: str, key: str, *, shared: bool, deadline: float) -> Iterator[Lease]:
    number = int.from_bytes(hashlib.blake2b(f"{kind}:{key}".encode(), digest_size=8).digest(), signed=True)
    database = _session.enter()
    try:
        # A session does not conflict with itself; a thread that asks twice must, as with files.
        free = shared or not _session.held[number]
        held = free and _advisory_lock(database, number, shared, deadline)
        lease = Lease(_connection_check(database) if held else None)
        _session.held[number] += int(held)
        try:
            yield lease
        finally:
            lease._end()
            if held:
                _session.held[number] -= 1
                _advisory_unlock(database, number, shared)
    finally:
        _session.leave()


def _advisory_lock(database: BaseDatabaseWrapper, number: int, shared: bool, deadline: float) -> bool:
    suffix = "_shared" if shared else ""
    wait_ms = int((deadline - time.monotonic()) * 1000)
    with database.cursor() as cursor:
        if wait_ms <= 0:
            cursor.execute(f"SELECT pg_try_advisory_lock{suffix}(%s)", [number])
            return bool(cursor.fetchone()[0])
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{wait_ms}ms"])
        try:
            cursor.execute(f"SELECT pg_advisory_lock{suffix}(%s)", [number])
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", None) != "55P03":
                raise
            return False
        return True


def _advisory_unlock(database: BaseDatabaseWrapper, number: int, shared: bool) -> None:
    """Give the lock back; a lost connection has given it back already."""
    try:
        with database.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_unlock{'_shared' if shared else ''}(%s)", [number])
    except (OperationalError, InterfaceError):
        database.close()


def _connection_check(database: BaseDatabaseWrapper) -> Callable[[], bool]:
    session = database.connection

    def check() -> bool:
        try:
            with database.cursor() as cursor:
                cursor.execute("SELECT 1")
        except DatabaseError:
            return False
        # A wrapper may have connected again: the locks went with the old session.
        return database.connection is session

    return check
