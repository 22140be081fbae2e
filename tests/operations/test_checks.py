"""Settings that operations cannot work with are named, and its own probes."""

from typing import Any

import pytest

from operations import checks, services
from operations.models import Job
from operations.probes import Status


@pytest.mark.parametrize("key", ["", "short"])
def test_a_short_audit_key(settings: Any, key: str) -> None:
    settings.AUDIT_KEY = key
    assert [found.id for found in checks.audit_key_check(None)] == ["operations.E001"]
    settings.AUDIT_KEY = "x" * 32
    assert checks.audit_key_check(None) == []


def test_a_job_kind_without_queue(settings: Any) -> None:
    settings.JOB_KINDS = {"a": {"task": "x"}, "b": {"task": "x", "queue": "y"}}
    assert [found.id for found in checks.job_kinds_check(None)] == ["operations.E002"]


def test_a_probe_that_does_not_exist(settings: Any) -> None:
    settings.HEALTH_PROBES = ["operations.checks.absent", "operations.checks.WORKER", "operations.checks.probe_cache"]
    assert [found.id for found in checks.health_probes_check(None)] == ["operations.W001"] * 2


@pytest.mark.django_db
def test_probes_of_database_and_cache() -> None:
    assert checks.probe_database().status is Status.OK
    assert checks.probe_cache().status is Status.OK


@pytest.mark.django_db
def test_a_cache_that_forgets_is_failing(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert checks.probe_cache().status is Status.FAILING


@pytest.mark.django_db
def test_the_worker_is_heard_of_or_not() -> None:
    assert checks.probe_worker().status is Status.FAILING
    services.heartbeat_record(name=checks.WORKER)
    assert checks.probe_worker().status is Status.OK
    Job.objects.create(kind="backtest", state=Job.State.RUNNING)
    assert checks.probe_worker().status is Status.WARNING
