"""System checks of what operations reads from the settings, and its own health probes."""

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as CheckWarning
from django.db import connection
from django.utils.module_loading import import_string

from operations.probes import Reading, Status
from operations.selectors import heartbeat_age, jobs_lost

WORKER = "worker"
WORKER_LATE_S = 90.0


@register
def audit_key_check(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The audit chain needs a key of at least 32 bytes."""
    key = getattr(settings, "AUDIT_KEY", "") or ""
    if len(key) >= 32:
        return []
    return [Error("AUDIT_KEY has fewer than 32 characters.", hint="Set a long random AUDIT_KEY.", id="operations.E001")]


@register
def job_kinds_check(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every kind of job names its task and its queue."""
    return [
        Error(f"JOB_KINDS[{kind!r}] must name a task and a queue.", id="operations.E002")
        for kind, target in getattr(settings, "JOB_KINDS", {}).items()
        if not {"task", "queue"} <= set(target)
    ]


@register
def health_probes_check(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every dotted path of HEALTH_PROBES leads to a callable; the site runs without, and shows it as failing."""
    return [
        CheckWarning(f"HEALTH_PROBES: {path} {problem}.", id="operations.W001")
        for path in getattr(settings, "HEALTH_PROBES", [])
        if (problem := _probe_problem(path))
    ]


def probe_database() -> Reading:
    """Whether the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Reading("Database", Status.OK, connection.vendor)


def probe_cache() -> Reading:
    """Whether the cache keeps what it is given."""
    cache.set("operations.probe", "kept", timeout=10)
    if cache.get("operations.probe") == "kept":
        return Reading("Cache", Status.OK)
    return Reading("Cache", Status.FAILING, "A value just written could not be read back.")


def probe_worker() -> Reading:
    """Whether a worker takes tasks, and every running job is heard of."""
    age = heartbeat_age(WORKER)
    if age is None or age > WORKER_LATE_S:
        return Reading(
            "Worker", Status.FAILING, "No worker was heard of." if age is None else f"Silent for {age:.0f} s."
        )
    lost = jobs_lost().count()
    if lost:
        return Reading("Worker", Status.WARNING, f"{lost} running jobs are not heard of.")
    return Reading("Worker", Status.OK)


def _probe_problem(path: str) -> str:
    try:
        return "" if callable(import_string(path)) else "is not callable"
    except ImportError as error:
        return f"cannot be imported ({error})"
