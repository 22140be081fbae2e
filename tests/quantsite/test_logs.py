"""Logs tell what happened, never the values that passed by: a password or key of a frame stays out of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import logging
from quantsite.logs import configure
configure({"level": "INFO", "json": %s})

def sign_in(password):
    raise RuntimeError("the directory does not answer")

try:
    sign_in("canary-" + "7391")
except RuntimeError:
    logging.getLogger("users").exception("sign_in_failed")
"""


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_shows_no_values(as_json):
    """Seen red with the renderer's own tracebacks, which print every local variable."""
    command = [sys.executable, "-c", SCRIPT % as_json]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stderr
    assert "the directory does not answer" in said
    assert "in sign_in" in said
    assert "canary-7391" not in said
