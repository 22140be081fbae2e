"""kill -9 during trading loses nothing and doubles nothing: afterwards the account equals the reference engine's.

The real processes run on a small market at 20x and are killed again and again, some kills aimed at the moment an order
is on its way. CHAOS_SESSIONS and CHAOS_KILLS make it larger: ``CHAOS_SESSIONS=400 CHAOS_KILLS=40 pytest tests/chaos``.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.servers import ServerMissingError, free_port, postgres_server, redis_server

ROOT = Path(__file__).resolve().parent.parent.parent
SESSIONS = int(os.environ.get("CHAOS_SESSIONS", "50"))
KILLS = int(os.environ.get("CHAOS_KILLS", "4"))
PATIENCE_S = 60 + 15 * KILLS + SESSIONS
STILL_S = 40
STATES = "('APPROVED', 'SUBMITTING', 'CANCEL_PENDING')"

pytestmark = [pytest.mark.timeout(2 * PATIENCE_S), pytest.mark.xdist_group("chaos")]


class Site:
    """The site's processes on one data folder and database, and a look at its tables from outside."""

    def __init__(self, folder: Path, environment: dict[str, str], look: Callable[[str], Any]) -> None:
        self.folder, self.look = folder, look
        base = {"PATH": f"{Path(sys.executable).parent}:{os.defpath}", "HOME": str(folder)}
        # an unanswered send is taken up, and a lost task asked for again, sooner than in earnest
        hurry = {"SEND_TIMEOUT_S": "0.5", "EVALUATION_REQUEUE_S": "0.5", "LOG_LEVEL": "WARNING"}
        ours = {"DATA_DIR": str(folder), "QUANTSITE_ENV_FILE": os.devnull, "CHAOS_SESSIONS": str(SESSIONS)}
        self.environment = base | hurry | ours | environment
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def script(self, name: str) -> str:
        """Run a module of this folder to its end and return what it printed."""
        command = [sys.executable, "-m", f"tests.chaos.{name}"]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def start(self, name: str, *command: str) -> None:
        """Start one process of the site, in a group of its own."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def kill(self, name: str) -> None:
        """End it and its children as a power cut would."""
        process = self.running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def kill_all(self) -> None:
        """Leave nothing running."""
        for name in list(self.running):
            self.kill(name)

    def log(self) -> str:
        """The last words of every process."""
        return "\n".join(f"--- {path.name}\n{path.read_text()[-3000:]}" for path in sorted(self.folder.glob("*.log")))

    def event_number(self) -> int:
        """How far the replay is."""
        return int(self.look("SELECT event_number FROM marketdata_feed ORDER BY id LIMIT 1") or 0)

    def finished(self) -> bool:
        """Whether the replay has reached its last bar."""
        return bool(self.look("SELECT state = 'finished' FROM marketdata_feed ORDER BY id LIMIT 1"))

    def on_its_way(self) -> bool:
        """Whether an order is between its decision and its venue."""
        return bool(self.look(f"SELECT count(*) FROM trading_order WHERE state IN {STATES}"))

    def until(self, true: Callable[[], bool], within_s: float) -> bool:
        """Wait for something; false when it did not happen in time."""
        deadline = time.monotonic() + within_s
        while not true():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return True

    def kill_in_trading(self, name: str, chance: random.Random) -> None:
        """Let it trade on for some events, then kill it; every other time when an order is on its way."""
        target = self.event_number() + chance.randint(2, max(3, SESSIONS // KILLS))
        moved = self.until(lambda: self.event_number() >= target or self.finished(), PATIENCE_S)
        assert moved, f"the replay stands at {self.event_number()}\n{self.log()}"
        if chance.random() < 0.5:
            self.until(lambda: self.on_its_way() or self.finished(), 3)
        else:
            time.sleep(chance.random() * 0.05)
        self.kill(name)

    def finish(self) -> None:
        """Let the replay run to its end, then compare."""
        assert self.until(self.finished, PATIENCE_S), f"the replay stands at {self.event_number()}\n{self.log()}"
        self.kill_all()
        verdict = json.loads(self.script("verdict"))
        assert verdict["differences"] == {}, self.log()
        assert verdict["fills"] > SESSIONS / 3


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Site]:
    """One process on SQLite."""
    path = tmp_path / "quantsite.sqlite3"

    def look(statement: str) -> Any:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as connection:
            row = connection.execute(statement).fetchone()
        return row and row[0]

    site = Site(tmp_path, {}, look)
    try:
        yield site
    finally:
        site.kill_all()


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Site]:
    """A process for every part, on PostgreSQL and Redis of our own."""
    try:
        with postgres_server() as database, redis_server() as cache:
            connection = psycopg2.connect(database)
            connection.autocommit = True

            def look(statement: str) -> Any:
                with connection.cursor() as cursor:
                    cursor.execute(statement)
                    row = cursor.fetchone()
                return row and row[0]

            site = Site(tmp_path, {"DATABASE_URL": database, "REDIS_URL": cache}, look)
            try:
                yield site
            finally:
                site.kill_all()
                connection.close()
    except ServerMissingError as error:
        pytest.skip(str(error))


def test_the_process_is_killed_during_trading(embedded: Site) -> None:
    """Seen red by storing the matched event in a transaction of its own, 10 ms before the fills: fills were lost."""
    chance = random.Random(int(os.environ.get("CHAOS_SEED", "11")))
    embedded.script("prepare")
    serve = (sys.executable, "manage.py", "serve", "--no-setup", "--port", str(free_port()))
    for _ in range(KILLS):
        embedded.start("serve", *serve)
        embedded.kill_in_trading("serve", chance)
    embedded.start("serve", *serve)
    embedded.finish()


REPLAY = (sys.executable, "manage.py", "replay_run")
DISPATCH = (sys.executable, "manage.py", "dispatch")
WORKER = (
    *(sys.executable, "-m", "celery", "-A", "quantsite.celery:app", "worker", "-Q", "trading", "-c", "2"),
    *("-l", "WARNING", "--without-gossip", "--without-mingle"),
)
PARTS = {
    "replay": REPLAY,
    "worker": WORKER,
    "dispatch": DISPATCH,
    "replay-spare": REPLAY,
    "dispatch-spare": DISPATCH,
}


def test_the_services_are_killed_one_by_one_during_trading(services: Site) -> None:
    """Two of each loop; what is killed is started again while the others go on.

    Seen red by storing the matched event in a transaction of its own, 100 ms before the fills; with 10 ms it takes more
    kills than the four of the ordinary suite.
    """
    chance = random.Random(int(os.environ.get("CHAOS_SEED", "12")))
    services.script("prepare")
    for name, command in PARTS.items():
        services.start(name, *command)
    for name in itertools.islice(itertools.cycle(PARTS), KILLS):
        services.kill_in_trading(name, chance)
        services.start(name, *PARTS[name])
    services.finish()
