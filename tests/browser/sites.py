"""The real site for the browser tests: set up once in a temporary folder, served by its own command from copies."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
START_S = 90.0
STOP_S = 20.0
CREDENTIALS = re.compile(r"^ {2}(\S.*?) {2,}(\S+) {2,}(\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Site:
    """A running site, and who may sign in with which password."""

    base_url: str
    people: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Prepared:
    """A data folder with a database, the sample market and the demo; copied for every site that is served."""

    folder: Path
    people: dict[str, str] = field(repr=False)

    @contextlib.contextmanager
    def served(self, folder: Path) -> Iterator[Site]:
        """Serve a copy of it in a process of its own, which is told to stop at the end."""
        shutil.copytree(self.folder, folder)
        port, log = free_port(), folder / "serve.log"
        command = [sys.executable, "manage.py", "serve", "--port", str(port)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment(folder), stdout=output, stderr=subprocess.STDOUT
            )
        try:
            site = Site(f"http://127.0.0.1:{port}", self.people)
            _wait(process, site, log)
            yield site
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def prepare(folder: Path) -> Prepared:
    """Make the data folder as a first start does; the passwords are read from what is printed once."""
    _command(folder, "migrate", "--no-input", "-v0")
    printed = _command(folder, "setup_site")
    people = {name: password for _, name, password in CREDENTIALS.findall(printed)}
    assert people, f"no credentials in:\n{printed}"
    return Prepared(folder, people)


def environment(folder: Path) -> dict[str, str]:
    """The environment of a fresh clone: the embedded profile, and nothing of the test run's own settings."""
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"
    ours = {"DATA_DIR": str(folder), "STATIC_ROOT": str(folder.parent / "static"), "LOG_LEVEL": "WARNING"}
    return {"PATH": path, "HOME": str(folder), "QUANTSITE_ENV_FILE": os.devnull, **ours}


def _command(folder: Path, *arguments: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{arguments}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def _wait(process: subprocess.Popen[bytes], site: Site, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while True:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(f"{site.base_url}/sign-in/login/", timeout=5).close()
            return
        assert process.poll() is None, f"the site did not start:\n{log.read_text()[-3000:]}"
        assert time.monotonic() < deadline, f"the site is not ready after {START_S:.0f} s:\n{log.read_text()[-3000:]}"
        time.sleep(0.1)
