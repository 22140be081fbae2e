"""Background jobs: the row is the truth, the message to the worker only rings a bell.

Every move of a job is one conditional UPDATE, so that a task may be delivered twice and a lost
engine may come back. An engine passes the `attempt` it claimed; a later attempt fences it out.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from operations.canonical import jsonable
from operations.errors import InvalidInput
from operations.models import Job
from operations.selectors import JOB_LOST_AFTER, jobs_lost

log = structlog.get_logger(__name__)

ATTEMPTS_MAX = 5


@transaction.atomic
def job_create(*, owner: Any, kind: str, arguments: dict[str, Any]) -> Job:
    """Store a pending job; its task is sent on commit, and again by the sweep if that fails."""
    if kind not in settings.JOB_KINDS:
        raise InvalidInput("JOB_KIND_UNKNOWN", f"There is no job of kind {kind}.", kind=kind)
    job = Job.objects.create(owner=owner, kind=kind, arguments=jsonable(arguments))
    transaction.on_commit(partial(_send, job.pk, kind), robust=True)
    return job


def job_claim(*, job_id: UUID | str) -> Job | None:
    """Take a pending job; None when it is not pending (delivered twice, stopped, or gone)."""
    now = timezone.now()
    claimed = Job.objects.filter(pk=job_id, state=Job.State.PENDING, stop_requested=False).update(
        state=Job.State.RUNNING, attempt=F("attempt") + 1, started_at=now, heartbeat_at=now
    )
    return Job.objects.get(pk=job_id) if claimed else None


def job_progress(
    *, job_id: UUID | str, fraction: float | None = None, message: str = "", attempt: int | None = None
) -> bool:
    """Say how far a running job is; False asks the engine to stop (requested, or no longer its job).

    Progress never goes back. Call it at least every ten seconds, also without a fraction: it is the
    job's heartbeat.
    """
    changes: dict[str, Any] = {"heartbeat_at": timezone.now()}
    if fraction is not None:
        changes["progress"] = Greatest(F("progress"), Value(min(1.0, max(0.0, float(fraction)))))
    if message:
        changes["message"] = message[:300]
    running = _running(job_id, attempt)
    return bool(running.update(**changes)) and not running.filter(stop_requested=True).exists()


def job_succeed(*, job_id: UUID | str, result: Any, attempt: int | None = None) -> bool:
    """End a running job well; False when it is no longer this engine's."""
    return _finish(job_id, attempt, state=Job.State.SUCCEEDED, result=jsonable(result), progress=1.0)


def job_fail(*, job_id: UUID | str, error: str, attempt: int | None = None) -> bool:
    """End a running job badly, with a sentence for its owner; False when it is no longer this engine's."""
    return _finish(job_id, attempt, state=Job.State.FAILED, error=str(error)[:5000])


def job_stopped(*, job_id: UUID | str, attempt: int | None = None) -> bool:
    """End a running job that was asked to stop; False when it is no longer this engine's."""
    return _finish(job_id, attempt, state=Job.State.STOPPED)


def job_stop_request(*, job_id: UUID | str) -> bool:
    """Ask a job to stop: a pending one ends here, a running one at its next progress; False when it is over."""
    pending = Job.objects.filter(pk=job_id, state=Job.State.PENDING)
    if pending.update(state=Job.State.STOPPED, stop_requested=True, finished_at=timezone.now()):
        return True
    return bool(Job.objects.filter(pk=job_id, state=Job.State.RUNNING).update(stop_requested=True))


def jobs_requeue_lost() -> int:
    """Start again what is pending and was not taken, or runs and is not heard of, for 30 s; returns how many.

    A lost job that was asked to stop ends as stopped; one lost in its fifth attempt ends as failed.
    """
    now = timezone.now()
    lost = jobs_lost(now=now)
    lost.filter(stop_requested=True).update(state=Job.State.STOPPED, finished_at=now)
    lost.filter(attempt__gte=ATTEMPTS_MAX).update(
        state=Job.State.FAILED, finished_at=now, error=f"The worker was lost {ATTEMPTS_MAX} times."
    )
    # Due at once: the pending ones below are sent when their last message is older than the limit.
    lost.update(state=Job.State.PENDING, queued_at=now - 2 * JOB_LOST_AFTER)
    return _send_due(Job.objects.filter(state=Job.State.PENDING, queued_at__lt=now - JOB_LOST_AFTER))


def _send_due(due: QuerySet[Job]) -> int:
    sent = 0
    rows: Iterable[tuple[UUID, str, Any]] = list(due.values_list("pk", "kind", "queued_at"))
    for job_id, kind, queued_at in rows:
        # Two sweeps at once: only the one whose update lands sends.
        if Job.objects.filter(pk=job_id, state=Job.State.PENDING, queued_at=queued_at).update(queued_at=timezone.now()):
            transaction.on_commit(partial(_send, job_id, kind), robust=True)
            sent += 1
    return sent


def _running(job_id: UUID | str, attempt: int | None) -> QuerySet[Job]:
    running = Job.objects.filter(pk=job_id, state=Job.State.RUNNING)
    return running if attempt is None else running.filter(attempt=attempt)


def _finish(job_id: UUID | str, attempt: int | None, **changes: Any) -> bool:
    now = timezone.now()
    return bool(_running(job_id, attempt).update(finished_at=now, heartbeat_at=now, **changes))


def _send(job_id: UUID, kind: str) -> None:
    target = settings.JOB_KINDS.get(kind)
    if target is None:
        log.error("job_kind_unknown", job=str(job_id), kind=kind)
        return
    try:
        current_app.send_task(target["task"], args=[str(job_id)], queue=target["queue"], retry=False)
    except Exception:  # whatever the broker raises, the row stands and the sweep sends it again
        log.exception("job_send_failed", job=str(job_id), kind=kind)
