"""The services profile as docker-compose.yml declares it: every command line is started once, on private servers, and
judged by its own health check."""

from __future__ import annotations

import base64
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.servers import ServerMissingError, free_port, postgres_server, redis_server

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
SERVERS = {"postgres", "redis"}
ONCE = {"migrate"}
OURS = sorted(COMPOSE.keys() - SERVERS - ONCE)
HEALTHY_S = 90
STOP_S = 30
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")

pytestmark = pytest.mark.xdist_group("compose")


def substituted(text: str, values: dict[str, str]) -> str:
    """Replace compose's variables in one text; a needed one must be among the values."""

    def value(match: re.Match[str]) -> str:
        name, mark, default = match.groups()
        return values[name] if mark == "?" else values.get(name, default or "")

    return VARIABLE.sub(value, text).replace("$$", "$")


def health_command(service: dict) -> list[str]:
    kind, *command = service["healthcheck"]["test"]
    return command if kind == "CMD" else ["sh", "-c", *[part.replace("$$", "$") for part in command]]


@pytest.fixture(scope="module")
def servers():
    try:
        with postgres_server() as postgres, redis_server() as redis:
            yield {"DATABASE_URL": postgres, "REDIS_URL": redis}
    except ServerMissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def environment(servers, tmp_path_factory):
    """What compose would set, with our servers, a data folder of our own and a free port."""
    secret = {
        "SECRET_KEY": secrets.token_urlsafe(64),
        "AUDIT_KEY": secrets.token_urlsafe(48),
        "CREDENTIAL_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "POSTGRES_PASSWORD": "unused",
    }
    data = str(tmp_path_factory.mktemp("data"))
    ours = {"DATA_DIR": data, "LAKE_URL": f"{data}/lake", "PORT": str(free_port()), "QUANTSITE_ENV_FILE": os.devnull}
    base = {"PATH": f"{Path(sys.executable).parent}:{os.defpath}", "HOME": data, "HOSTNAME": socket.gethostname()}

    def make(service: dict) -> dict[str, str]:
        declared = {name: substituted(str(value), secret) for name, value in service["environment"].items()}
        return base | declared | servers | ours

    return make


@pytest.fixture(scope="module")
def migrated(environment):
    service = COMPOSE["migrate"]
    result = subprocess.run(
        service["command"], cwd=ROOT, env=environment(service), capture_output=True, text=True, timeout=240, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def running(migrated, environment, tmp_path_factory):
    """Every service of ours, started once and together, as compose would; each must end when told to."""
    folder, processes = tmp_path_factory.mktemp("logs"), {}
    for name in OURS:
        surroundings = environment(COMPOSE[name])
        command = [surroundings["PORT"] if part == "8000" else part for part in COMPOSE[name]["command"]]
        with (folder / name).open("w") as log:
            processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=surroundings, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
    try:
        yield folder, processes
        alive = {name: process for name, process in processes.items() if process.poll() is None}
        for process in alive.values():
            process.send_signal(signal.SIGTERM)
        for name, process in alive.items():
            assert process.wait(STOP_S) in {0, -signal.SIGTERM}, (folder / name).read_text()[-3000:]
    finally:
        for process in processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def test_first_people_are_shown_by_the_one_shot_service(migrated):
    assert "Sign in with" in migrated


@pytest.mark.parametrize("name", OURS)
def test_service_starts_and_its_health_check_passes(name, running, environment):
    folder, processes = running
    deadline = time.monotonic() + HEALTHY_S
    while True:
        check = subprocess.run(
            health_command(COMPOSE[name]),
            cwd=ROOT,
            env=environment(COMPOSE[name]),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert processes[name].poll() is None, (folder / name).read_text()[-3000:]
        if check.returncode == 0:
            return
        if time.monotonic() > deadline:
            pytest.fail(check.stdout + check.stderr + (folder / name).read_text()[-3000:])
        time.sleep(1)


@pytest.mark.parametrize("name", sorted(COMPOSE.keys() - ONCE))
def test_service_has_a_health_check(name):
    assert COMPOSE[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


def test_one_worker_per_queue_and_one_scheduler():
    from django.conf import settings

    commands = [service["command"] for service in COMPOSE.values() if "celery" in service.get("command", [])]
    queues = [command[command.index("-Q") + 1] for command in commands if "-Q" in command]
    assert sorted(queues) == sorted(queue.name for queue in settings.CELERY_TASK_QUEUES)
    assert sum("beat" in command for command in commands) == 1


def test_services_wait_for_the_tables():
    for name in OURS:
        waits = COMPOSE[name]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}
        assert {server for server, how in waits.items() if how == {"condition": "service_healthy"}} == SERVERS


def test_image_runs_as_nobody_in_particular_and_checks_itself():
    lines = [line.split() for line in (ROOT / "Dockerfile").read_text().splitlines() if line[:1].isalpha()]
    words = [line[0] for line in lines]
    assert ["USER", "quantsite"] in lines
    assert words.index("USER") < words.index("CMD")
    assert "HEALTHCHECK" in words
    assert any("collectstatic" in line for line in lines)


def test_every_needed_secret_is_in_the_example():
    needed = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))
    example = (ROOT / ".env.example").read_text()
    assert needed
    assert all(f"# {name}=" in example for name in needed)


def test_settings_example_and_readme_name_the_same_variables():
    """Seen red with `LOG_JSON` taken out of the README's table."""
    example = set(re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M)) - {"POSTGRES_PASSWORD"}
    readme = {
        name
        for line in (ROOT / "README.md").read_text().splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([A-Z_]{4,})`", line.split("|")[1])
    }
    read = set(re.findall(r'_(?:read|secret)\(\s*"([A-Z_]+)"', (ROOT / "quantsite" / "settings.py").read_text()))
    assert example <= readme
    assert read <= readme
