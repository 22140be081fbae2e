"""Private PostgreSQL and Redis servers for tests, from the binaries installed here.

Each listens on a free port of loopback, keeps its data in a temporary folder, and ends with the process that started
it, however that ends. Nothing here ever speaks to a server it did not start.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg2
import redis

START_S = 60.0
PR_SET_PDEATHSIG = 1
POSTGRES_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")


class ServerMissingError(Exception):
    """A server cannot be started here; the message is the reason a skip shows."""


def postgres_binaries() -> Path:
    """Return the folder with initdb and postgres, the newest version where there are several."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    for pattern in POSTGRES_FOLDERS:
        folders += sorted(Path("/").glob(pattern.lstrip("/")), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise ServerMissingError("PostgreSQL is not installed here (no initdb), and TEST_DATABASE_URL is not set")


def redis_binary() -> str:
    """Return the path of redis-server."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        raise ServerMissingError("Redis is not installed here (no redis-server), and TEST_REDIS_URL is not set")
    return found


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """Run a PostgreSQL of our own; yield its URL."""
    binaries, user = postgres_binaries(), _unprivileged_user()
    with _folder("quantsite-postgres-", user) as folder:
        password = secrets.token_hex(16)
        secret = folder / "password"
        secret.write_text(password, encoding="ascii")
        _give(secret, user)
        setup = [binaries / "initdb", "-D", folder / "data", "-U", "quantsite", "--pwfile", secret]
        setup += ["-A", "scram-sha-256", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
        done = subprocess.run(setup, cwd=folder, user=user, group=_group(user), extra_groups=[], **_captured())
        if done.returncode:
            raise ServerMissingError(f"initdb failed: {done.stdout.strip().splitlines()[-1:]}")
        port = free_port()
        command = [binaries / "postgres", "-D", folder / "data", "-k", folder, "-h", "127.0.0.1", "-p", str(port)]
        # a throw-away cluster needs no fsync; durability is PostgreSQL's own matter
        command += ["-c", "fsync=off", "-c", "max_connections=300", "-c", "timezone=UTC"]
        url = f"postgresql://quantsite:{password}@127.0.0.1:{port}/postgres"
        with _running(command, folder, user, stop=signal.SIGINT, ready=lambda: psycopg2.connect(url).close()):
            yield url


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """Run a Redis of our own; yield its URL."""
    binary, port = redis_binary(), free_port()
    with _folder("quantsite-redis-", None) as folder:
        command = [
            binary,
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--dir",
            folder,
            "--save",
            "",
            "--databases",
            "64",
        ]
        url = f"redis://127.0.0.1:{port}/0"

        def ready() -> None:
            with contextlib.closing(redis.Redis.from_url(url)) as client:
                client.ping()

        with _running(command, folder, None, stop=signal.SIGTERM, ready=ready):
            yield url


@contextlib.contextmanager
def _running(command: list, folder: Path, user: int | None, *, stop: signal.Signals, ready) -> Iterator[None]:
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            user=user,
            group=_group(user),
            extra_groups=[] if user is not None else None,
            preexec_fn=partial(_end_with_parent, stop),
            start_new_session=True,
        )
    try:
        _wait(process, ready, log)
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen, ready, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            return ready()
        except (psycopg2.OperationalError, redis.ConnectionError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise ServerMissingError(f"a private server did not start: {log.read_text()[-500:]}") from error
            time.sleep(0.05)


def _end_with_parent(number: signal.Signals) -> None:
    # Linux: the kernel ends the server with the process that started it, even after kill -9
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def _unprivileged_user() -> int | None:
    """Return whom PostgreSQL runs as when we are root, which it refuses to serve; None for ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    raise ServerMissingError("PostgreSQL refuses to run as root, and there is no user postgres or nobody here")


def _group(user: int | None) -> int | None:
    return None if user is None else pwd.getpwuid(user).pw_gid


def _give(path: Path, user: int | None) -> None:
    if user is not None:
        os.chown(path, user, pwd.getpwuid(user).pw_gid)


@contextlib.contextmanager
def _folder(prefix: str, user: int | None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
        _give(Path(name), user)
        yield Path(name)


def _captured() -> dict:
    return {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "check": False}


def free_port() -> int:
    """Return a port of loopback nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
