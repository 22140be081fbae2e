"""Set-up and start, as `make run` does them: an obstacle is one sentence, a start goes on where the last ended."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.servers import free_port

ROOT = Path(__file__).resolve().parent.parent
READY_S = 180
SECOND_START_S = 5
STOP_S = 8

pytestmark = pytest.mark.xdist_group("make")


@pytest.fixture
def bootstrap():
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "scripts" / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def disk(tmp_path):
    """A disk of one megabyte; yields how to mount it."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(options: str) -> Path:
        result = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, text=True, check=False
        )
        if result.returncode:
            pytest.skip("a small disk can only be mounted by root")
        return place

    try:
        yield mount
    finally:
        subprocess.run(["umount", place], capture_output=True, check=False)


def environment(**changes: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if name in {"PATH", "TMPDIR", "LANG"}}
    return clean | {"QUANTSITE_ENV_FILE": os.devnull, "LOG_LEVEL": "WARNING"} | changes


def one_sentence(text: str) -> str:
    """Return the text when it is one line without a trace, fail otherwise."""
    assert "Traceback" not in text
    lines = [line for line in text.strip().splitlines() if line]
    assert len(lines) == 1, text
    return lines[0]


# ------------------------------------------------------------------ obstacles
def test_missing_python_is_one_sentence(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap, "WANTED", (3, 99))
    with pytest.raises(bootstrap.SetupError, match=r"Python 3\.99 is needed and was not found; install it") as raised:
        bootstrap.python_find()
    one_sentence(str(raised.value))


def test_make_without_any_python_is_one_sentence():
    result = subprocess.run(["make", "-s", "run", "PYTHON="], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert result.stderr.startswith("Quantsite cannot start: Python 3.11 is needed")


def test_full_disk_is_one_sentence(bootstrap, disk):
    folder = disk("size=1m")
    with pytest.raises(bootstrap.SetupError, match="is full") as raised:
        bootstrap.data_folder_check(folder / "var")
    one_sentence(str(raised.value))


def test_read_only_disk_is_one_sentence(bootstrap, disk):
    folder = disk("size=100m,ro")
    with pytest.raises(bootstrap.SetupError, match=r"cannot be written \(Read-only file system\)") as raised:
        bootstrap.data_folder_check(folder / "var")
    one_sentence(str(raised.value))


def test_data_folder_that_is_a_file_is_one_sentence(bootstrap, tmp_path):
    (tmp_path / "var").touch()
    with pytest.raises(bootstrap.SetupError) as raised:
        bootstrap.data_folder_check(tmp_path / "var")
    one_sentence(str(raised.value))


def test_command_that_fills_the_disk_is_one_sentence(bootstrap, capsys):
    code = "import sys; sys.exit('OSError: [Errno 28] No space left on device')"
    with pytest.raises(bootstrap.SetupError, match="became full while installing"):
        bootstrap.run_shown([sys.executable, "-c", code], "installing", None)


def test_failing_command_shows_the_end_of_its_output(bootstrap, capsys):
    with pytest.raises(bootstrap.SetupError, match="installing failed"):
        bootstrap.run_shown([sys.executable, "-c", "import sys; sys.exit('no such package')"], "installing", None)
    assert "no such package" in capsys.readouterr().out


def test_serve_refuses_the_services_profile_in_one_sentence(tmp_path):
    result = serve_once(environment(DATA_DIR=str(tmp_path), DATABASE_URL="postgresql://a:b@127.0.0.1:1/c"))
    assert result.returncode == 1
    assert "belong together" in one_sentence(result.stderr)


def test_serve_on_a_disk_that_is_full_is_one_sentence(disk):
    folder = disk("size=200k")
    result = serve_once(environment(DATA_DIR=str(folder / "var")))
    assert result.returncode == 1
    assert "is full" in one_sentence(result.stderr)


# ------------------------------------------------------------------ what is skipped, what is done again
def test_set_up_is_skipped_when_nothing_changed(bootstrap, tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    steps = []
    monkeypatch.setattr(bootstrap, "INSTALL_BYTES", 0)
    monkeypatch.setattr(bootstrap, "venv_make", lambda python: (tmp_path / ".venv").mkdir(exist_ok=True))
    monkeypatch.setattr(bootstrap, "packages_install", steps.append)
    for name in bootstrap.PROFILES["dev"]:
        (tmp_path / name).write_text(f"# {name}\n")
    for profile in ("run", "run", "dev", "run", "dev"):
        bootstrap.set_up(profile)
    assert steps == ["requirements.txt", "requirements-dev.txt"]
    (tmp_path / "constraints.txt").write_text("# changed\n")
    bootstrap.set_up("run")
    assert steps == ["requirements.txt", "requirements-dev.txt", "requirements.txt"]


def test_data_folder_is_found_as_the_settings_find_it(bootstrap, tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.delenv("DATA_DIR", raising=False)
    assert bootstrap.data_folder() == tmp_path / "var"
    (tmp_path / ".env").write_text("PORT=1\nDATA_DIR='/srv/data'\n")
    assert bootstrap.data_folder() == Path("/srv/data")
    monkeypatch.setenv("DATA_DIR", "/elsewhere")
    assert bootstrap.data_folder() == Path("/elsewhere")


# ------------------------------------------------------------------ the site itself
def serve_once(surroundings: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "serve", *arguments],
        cwd=ROOT,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Site:
    """One `manage.py serve` on a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.log = folder / "output.txt"

    def environment(self) -> dict[str, str]:
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return environment(DATA_DIR=str(self.folder / "var"), PORT=str(self.port), HOME=str(home))

    def start(self) -> float:
        """Start it, wait until it says it is ready; return how long that took."""
        started = time.monotonic()
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=ROOT,
                env=self.environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        while "Quantsite is ready" not in self.text():
            assert self.process.poll() is None, self.text()
            assert time.monotonic() - started < READY_S, self.text()
            time.sleep(0.02)
        return time.monotonic() - started

    def text(self) -> str:
        return self.log.read_text()

    def answers(self) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/sign-in/login/", timeout=10) as answer:
            return answer.status

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(STOP_S)


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    if site.process.poll() is None:
        site.process.kill()
        site.process.wait()


def test_site_starts_refuses_a_second_one_survives_a_kill_and_stops(site):
    """One long way, because the first start is the expensive part."""
    site.start()
    first = site.text()
    assert len(re.findall(r"(administrator|trader|risk manager) +\w+ +\S{16}", first)) == 3
    assert site.answers() == 200

    other = serve_once(site.environment(), "--port", str(free_port()))
    assert other.returncode == 1
    assert f"process {site.process.pid}" in one_sentence(other.stderr)
    elsewhere = serve_once(site.environment() | {"DATA_DIR": str(site.folder / "elsewhere")})
    assert elsewhere.returncode == 1
    assert f"Port {site.port} on 127.0.0.1 cannot be used" in one_sentence(elsewhere.stderr)

    assert site.end(signal.SIGKILL) == -signal.SIGKILL
    took = site.start()
    assert "Sign in with" not in site.text()
    assert "Preparing" not in site.text()
    assert site.answers() == 200
    assert site.end(signal.SIGINT) == 0
    assert "Quantsite has stopped." in site.text()
    assert "Traceback" not in site.text()
    assert took < SECOND_START_S * 3, "a second start does nothing twice (the margin is for a busy machine)"

    site.start()
    assert site.end(signal.SIGTERM) == 0


def test_stop_during_the_set_up_goes_on_next_time(site):
    """Seen red without the handler in `serve`: a start in the background ignored the interrupt."""
    with site.log.open("w") as output:
        site.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=site.environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    while "Preparing the database" not in site.text():
        assert site.process.poll() is None, site.text()
        time.sleep(0.01)
    assert site.end(signal.SIGINT) == 130
    assert "Traceback" not in site.text()
    site.start()
    assert "Sign in with" in site.text()
