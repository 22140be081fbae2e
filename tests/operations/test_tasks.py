"""Periodic tasks call their service, and show that a worker lives."""

from typing import Any

import pytest

from operations import selectors, tasks
from operations.checks import WORKER
from operations.models import ProbeResult

pytestmark = pytest.mark.django_db


def test_probes_run_shows_the_worker(settings: Any) -> None:
    settings.HEALTH_PROBES = ["operations.checks.probe_worker"]
    tasks.probes_run()
    assert selectors.heartbeat_age(WORKER) is not None
    assert ProbeResult.objects.get().status == "ok"


def test_jobs_requeue_lost_without_jobs() -> None:
    assert tasks.jobs_requeue_lost() == 0
