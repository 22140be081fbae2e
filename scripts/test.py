"""Run the suite on every profile this machine can offer, and say at the end which ran and what was skipped.

`embedded` (SQLite, everything in one process) always runs. `services` runs on the servers that TEST_DATABASE_URL and
TEST_REDIS_URL name, else on private ones started from the binaries installed here, else it is skipped with the reason.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.servers import ServerMissingError, postgres_server, redis_server  # noqa: E402 - after the path is set

NAMES = ("TEST_DATABASE_URL", "TEST_REDIS_URL")
NO_TESTS = 5
NOT_BROWSER = ["--dist", "loadgroup", "-m", "not bench and not browser"]
# by themselves: the browser's driver keeps an event loop running, which asynchronous tests cannot share
BROWSER = ["-n", "0", "-m", "browser"]


@dataclass
class Outcome:
    """What became of one profile; `reason` says why it did not run."""

    profile: str
    servers: str
    reason: str = ""
    code: int = 0
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    skips: Counter[str] = field(default_factory=Counter)


def main() -> int:
    """Run the wanted profiles; return 0 when every one that ran passed."""
    parser = argparse.ArgumentParser(description="Run the test suite on every profile this machine can offer.")
    parser.add_argument("--profile", choices=["embedded", "services"], help="only this one")
    parser.add_argument("--need-all", action="store_true", help="a profile that cannot run here is a failure")
    parser.add_argument("--workers", default=os.environ.get("TEST_WORKERS", "auto"), help="processes at once")
    arguments, rest = parser.parse_known_args()
    outcomes = []
    if arguments.profile != "services":
        outcomes.append(suite_run("embedded", "SQLite, one process", {}, ["-n", arguments.workers, *NOT_BROWSER], rest))
        outcomes.append(suite_run("browser", "Chromium on the embedded site", {}, BROWSER, rest))
    if arguments.profile != "embedded":
        outcomes.append(services_run(arguments.workers, rest))
    report(outcomes)
    failed = [outcome for outcome in outcomes if outcome.code or (outcome.reason and arguments.need_all)]
    return 1 if failed else 0


def services_run(workers: str, rest: list[str]) -> Outcome:
    """Run the suite on PostgreSQL and Redis, named or our own."""
    try:
        with contextlib.ExitStack() as stack:
            given = {name: os.environ[name] for name in NAMES if os.environ.get(name)}
            environment = {
                "TEST_DATABASE_URL": given.get("TEST_DATABASE_URL") or stack.enter_context(postgres_server()),
                "TEST_REDIS_URL": given.get("TEST_REDIS_URL") or stack.enter_context(redis_server()),
            }
            kinds = [
                f"{label} {'named by ' + name if name in given else 'of our own'}"
                for label, name in zip(("PostgreSQL", "Redis"), NAMES, strict=True)
            ]
            return suite_run("services", ", ".join(kinds), environment, ["-n", workers, *NOT_BROWSER], rest)
    except ServerMissingError as error:
        return Outcome("services", "", reason=str(error))


def suite_run(profile: str, servers: str, environment: dict[str, str], choice: list[str], rest: list[str]) -> Outcome:
    """Run pytest once in a process of its own and read its report."""
    say(f"\n── {profile} ({servers}) " + "─" * 40)
    outcome = Outcome(profile, servers)
    surroundings = {name: value for name, value in os.environ.items() if name not in NAMES} | environment
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="quantsite-report-") as folder:
        path = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", *choice]
        command += [f"--junitxml={path}", *rest]
        code = subprocess.run(command, cwd=ROOT, env=surroundings, check=False).returncode  # noqa: S603 - our own suite
        outcome.code = 0 if code == NO_TESTS else code
        if path.is_file():
            counts_read(path, outcome)
    outcome.seconds = time.monotonic() - started
    return outcome


def counts_read(path: Path, outcome: Outcome) -> None:
    """Count passed, failed and skipped tests, and the reasons of the skipped."""
    for case in ElementTree.parse(path).iter("testcase"):  # noqa: S314 - a file pytest wrote for us
        kinds = {child.tag for child in case}
        skipped = case.find("skipped")
        if kinds & {"failure", "error"}:
            outcome.counts["failed"] += 1
        elif skipped is not None:
            outcome.counts["skipped"] += 1
            outcome.skips[skipped.get("message") or "no reason given"] += 1
        else:
            outcome.counts["passed"] += 1


def report(outcomes: list[Outcome]) -> None:
    """Print which profiles ran, with what result, and what was skipped for which reason."""
    say("\n── profiles " + "─" * 52)
    for outcome in outcomes:
        if outcome.reason:
            say(f"  {outcome.profile:<9} SKIPPED: {outcome.reason}")
            continue
        figures = ", ".join(f"{outcome.counts[kind]} {kind}" for kind in ("passed", "failed", "skipped"))
        word = "FAILED" if outcome.code else "ran"
        say(f"  {outcome.profile:<9} {word}: {figures} in {outcome.seconds:.0f} s ({outcome.servers})")
        for reason, count in sorted(outcome.skips.items()):
            say(f"  {'':<9}   skipped {count}: {reason}")


def say(text: str) -> None:
    """Print one line at once, so that it stands before what a child process prints."""
    print(text, flush=True)  # noqa: T201 - a command's output


if __name__ == "__main__":
    sys.exit(main())
