"""An order over HTTP to approved and committed: two web processes, PostgreSQL, tokens, 8 accounts, 50 a second."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.servers import ServerMissingError, free_port, postgres_server, redis_server

ROOT = Path(__file__).resolve().parent.parent.parent
ACCOUNTS, PER_SECOND, WEB = 8, 50, 2
SECONDS = float(os.environ.get("BENCH_SECONDS", "20"))
WARM_UP_S = 3.0

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: Any) -> Iterator[tuple[dict[int, int], list[dict[str, Any]], str]]:
    """Two uvicorn processes (port to process id) on servers of our own, and who may trade on them."""
    folder = tmp_path_factory.mktemp("bench")
    try:
        with postgres_server() as database, redis_server() as cache, contextlib.ExitStack() as stack:
            environment = {
                "PATH": f"{Path(sys.executable).parent}:{os.defpath}", "HOME": str(folder), "DATA_DIR": str(folder),
                "QUANTSITE_ENV_FILE": os.devnull, "DATABASE_URL": database, "REDIS_URL": cache,
                "DJANGO_SETTINGS_MODULE": "quantsite.settings", "LOG_LEVEL": "WARNING",
            }  # fmt: skip
            prepare = [sys.executable, "-m", "tests.benchmarks.prepare", str(ACCOUNTS)]
            people = json.loads(subprocess.check_output(prepare, cwd=ROOT, env=environment))
            ports = [free_port() for _ in range(WEB)]
            yield {port: stack.enter_context(web(port, environment, folder)) for port in ports}, people, database
    except ServerMissingError as error:
        pytest.skip(str(error))


@contextlib.contextmanager
def web(port: int, environment: dict[str, str], folder: Path) -> Iterator[int]:
    """One web process, as the compose file starts it."""
    command = [sys.executable, "-m", "uvicorn", "quantsite.asgi:application", "--port", str(port), "--lifespan", "off"]
    with (folder / f"web-{port}.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--no-access-log"], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None, (folder / f"web-{port}.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


def cpu_s(process_id: int) -> float:
    """The processor time a process has used."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Trader(threading.Thread):
    """One account, asking at a steady pace; latency counts from when the order was due."""

    quantities = itertools.count(1)

    def __init__(self, port: int, person: dict[str, Any], period_s: float, first_s: float, seconds: float) -> None:
        super().__init__()
        self.port, self.person, self.period_s, self.first_s, self.seconds = port, person, period_s, first_s, seconds
        self.latencies: list[float] = []
        self.answers: list[tuple[int, str]] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Token {self.person['token']}", "Content-Type": "application/json"}
        begin = time.perf_counter() + self.first_s
        for place in range(int(self.seconds / self.period_s)):
            due = begin + place * self.period_s
            time.sleep(max(0.0, due - time.perf_counter()))
            body = {
                "account": self.person["account"], "symbol": ("AAA", "BBB", "CCC")[place % 3], "side": "BUY",
                "quantity": str(next(self.quantities) % 40 + 1), "order_type": "LIMIT",
                "limit_price": f"{1 + place / 100:.2f}", "time_in_force": "GTC",
            }  # fmt: skip
            connection.request("POST", "/api/trade", json.dumps(body), headers)
            answer = connection.getresponse()
            content = json.loads(answer.read())
            if due - begin >= WARM_UP_S:
                self.latencies.append(time.perf_counter() - due)
            self.answers.append((answer.status, str(content.get("order", {}).get("status", content))))
        connection.close()


def test_order_over_http_to_committed(site, told):
    processes, people, database = site
    ports = list(processes)
    period = ACCOUNTS / PER_SECOND
    traders = [
        Trader(ports[place % WEB], person, period, place * period / ACCOUNTS, SECONDS + WARM_UP_S)
        for place, person in enumerate(people)
    ]
    started, used = time.perf_counter(), sum(map(cpu_s, processes.values()))
    for trader in traders:
        trader.start()
    for trader in traders:
        trader.join()
    took, used = time.perf_counter() - started, sum(map(cpu_s, processes.values())) - used
    answers = [answer for trader in traders for answer in trader.answers]
    assert set(answers) == {(201, "APPROVED")}, sorted(set(answers))[:3]
    with contextlib.closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM trading_order WHERE state = 'APPROVED'")
        assert cursor.fetchone()[0] == len(answers)
    latencies = sorted(1000 * each for trader in traders for each in trader.latencies)
    p50, p99 = (latencies[int(len(latencies) * share)] for share in (0.5, 0.99))
    told(
        "order over HTTP to committed (2 web, PostgreSQL, 8 accounts)",
        f"p50 {p50:.1f} ms  p99 {p99:.1f} ms  max {latencies[-1]:.0f} ms at {len(answers) / took:.0f}/s, "
        f"web {1000 * used / len(answers):.1f} ms of processor each",
        "p50 <= 20 ms, p99 <= 100 ms",
    )
