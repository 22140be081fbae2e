"""Sessions a second of the embedded profile: SQLite with full synchronisation, three strategies on three symbols."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SESSIONS = 100

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]


def test_replay_sessions(tmp_path, told):
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "DATA_DIR": str(tmp_path), "LOG_LEVEL": "WARNING",
        "QUANTSITE_ENV_FILE": os.devnull, "CHAOS_SESSIONS": str(SESSIONS + 20),
    }  # fmt: skip
    for name, *arguments in (("tests.chaos.prepare",), ("tests.benchmarks.replay_days", str(SESSIONS))):
        printed = subprocess.check_output([sys.executable, "-m", name, *arguments], cwd=ROOT, env=environment)
    rate, fills = printed.split()
    told(
        "replay, embedded, 3 deployments x 3 symbols",
        f"{float(rate):.1f} sessions/s, {int(fills)} fills", ">= 20 sessions/s (20x)",
    )  # fmt: skip
