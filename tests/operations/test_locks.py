"""Locks between threads and processes: exclusion, no starvation, nothing left after a death."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from operations import locks
from operations.errors import Unavailable

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def in_thread(work: Any) -> Any:
    """What `work` returns in a thread of its own."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    return found[0]


def try_owner(key: str, timeout_s: float = 0.0) -> bool:
    with locks.owner_lock(key, timeout_s=timeout_s) as lease:
        return bool(lease)


def try_singleton(name: str) -> bool:
    with locks.singleton_lock(name) as lease:
        return bool(lease)


def try_shared(*keys: str, timeout_s: float = 0.05) -> bool:
    try:
        with locks.stop_barrier_shared(keys, timeout_s=timeout_s) as lease:
            return bool(lease)
    except Unavailable:
        return False


def try_exclusive(key: str, timeout_s: float = 0.05) -> bool:
    with locks.stop_barrier_exclusive(key, timeout_s) as lease:
        return bool(lease)


def test_an_order_has_one_owner_at_a_time() -> None:
    with locks.owner_lock("order-1") as lease:
        assert lease
        assert lease.alive()
        assert in_thread(lambda: try_owner("order-1")) is False
        assert in_thread(lambda: try_owner("order-2")) is True
        assert try_owner("order-1") is False
    assert not lease
    assert not lease.alive()
    assert in_thread(lambda: try_owner("order-1")) is True


def test_an_owner_may_wait() -> None:
    with locks.owner_lock("order-1"):
        started = time.monotonic()
        assert in_thread(lambda: try_owner("order-1", timeout_s=0.2)) is False
        assert time.monotonic() - started >= 0.2


def test_owner_locks_leave_no_files(folder: Path) -> None:
    for number in range(20):
        assert try_owner(f"order-{number}")
    assert list(folder.glob("locks/owner/*")) == []


def test_owners_never_overlap_while_files_come_and_go() -> None:
    inside, overlaps, entered = [0], [0], [0]

    def work() -> None:
        for _ in range(60):
            with locks.owner_lock("order-1", timeout_s=5) as lease:
                assert lease
                inside[0] += 1
                overlaps[0] += inside[0] > 1
                entered[0] += 1
                inside[0] -= 1
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (overlaps[0], entered[0]) == (0, 240)


def test_a_lock_on_a_removed_file_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen red without the inode comparison: the lock was on a file that nobody else finds."""
    path, flock = folder / "order-1", locks.fcntl.flock

    def flock_late(descriptor: int, operation: int) -> None:
        path.unlink()  # as the holder before us does, between our open and our lock
        flock(descriptor, operation)

    monkeypatch.setattr(locks.fcntl, "flock", flock_late)
    assert locks._flock_try(path, shared=False) is None


def test_a_singleton_does_not_wait() -> None:
    with locks.singleton_lock("replay") as lease:
        assert lease
        started = time.monotonic()
        assert in_thread(lambda: try_singleton("replay")) is False
        assert time.monotonic() - started < 1
        assert in_thread(lambda: try_singleton("dispatch")) is True
    assert in_thread(lambda: try_singleton("replay")) is True


def test_senders_share_the_barrier_and_a_stop_excludes_them() -> None:
    with locks.stop_barrier_shared(["everything", "account:1"]) as lease:
        assert lease.alive()
        assert in_thread(lambda: try_shared("everything", "account:1")) is True
        assert in_thread(lambda: try_exclusive("account:1")) is False
        assert in_thread(lambda: try_exclusive("everything")) is False
        assert in_thread(lambda: try_exclusive("account:2")) is True
    with locks.stop_barrier_exclusive("account:1", 0.5) as stop:
        assert stop
        assert in_thread(lambda: try_shared("everything", "account:1")) is False
        assert in_thread(lambda: try_shared("everything", "account:2")) is True
    assert in_thread(lambda: try_shared("everything", "account:1")) is True


def test_a_refused_sender_holds_none_of_its_scopes() -> None:
    with locks.stop_barrier_exclusive("strategy:9", 0.5):
        assert in_thread(lambda: try_shared("account:1", "strategy:9")) is False
        assert in_thread(lambda: try_exclusive("account:1")) is True


def test_a_stop_is_not_starved_by_senders() -> None:
    """Seen red without the intent marker on SQLite: sixteen overlapping senders kept the stop out for seconds."""
    over = threading.Event()

    def send() -> None:
        while not over.is_set():
            try:
                with locks.stop_barrier_shared(["everything"], timeout_s=5):
                    time.sleep(0.02)
            except Unavailable:
                continue
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(16)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(0.2)
        started = time.monotonic()
        with locks.stop_barrier_exclusive("everything", 5) as stop:
            waited = time.monotonic() - started
            assert stop
        assert waited < 1
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_an_intent_of_the_dead_outdates_itself(folder: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("advisory locks end with their session")
    with locks.stop_barrier_shared(["everything"]):
        pass
    (lock_file,) = (folder / "locks" / "barrier").iterdir()
    intents = Path(f"{lock_file}.intents")
    intents.mkdir(exist_ok=True)
    (intents / "fresh").touch()
    ahead = time.time() + 30
    os.utime(intents / "fresh", (ahead, ahead))
    assert try_shared("everything") is False
    past = time.time() - 1
    os.utime(intents / "fresh", (past, past))
    assert try_shared("everything") is True


def test_a_lost_session_is_noticed() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("files are not lost while the process lives")
    with locks.owner_lock("order-1") as lease:
        assert lease.alive()
        with locks._session.database.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        assert not lease.alive()
    assert try_owner("order-1") is True


def test_the_dedicated_connection_closes_with_the_last_lock() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("there is no connection to close")
    with locks.lock_session():
        assert try_owner("order-1") is True
        kept = locks._session.database
        assert try_owner("order-2") is True
        assert locks._session.database is kept
    assert locks._session.database is None


HOLDER = textwrap.dedent(
    """
    import sys, time
    import django
    from django.conf import settings
    settings.configure(
        DATA_DIR=sys.argv[1], DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    )
    django.setup()
    from operations import locks
    with locks.singleton_lock("replay") as one, locks.owner_lock("order-1") as two:
        print(bool(one), bool(two), flush=True)
        time.sleep(60)
    """
)


def test_locks_hold_between_processes_and_end_with_kill(folder: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the file locks of the embedded profile")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(locks.__file__).parents[1],
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "True True"
        assert try_singleton("replay") is False
        assert try_owner("order-1") is False
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert try_singleton("replay") is True
        assert try_owner("order-1") is True
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
