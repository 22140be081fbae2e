"""Questions to operations: events since a number, jobs and notifications of a person, signs of life."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from operations.errors import NotFound
from operations.models import AuditEvent, Event, EventStream, Heartbeat, Job, Notification, ProbeResult

EVENTS_MAX = 500
JOB_LOST_AFTER = timedelta(seconds=30)


def events_since(*, stream: str, number: int, limit: int = EVENTS_MAX) -> list[Event]:
    """The stream's events after `number`, oldest first, at most `limit`."""
    return list(Event.objects.filter(stream=stream, number__gt=number).order_by("number")[: max(0, limit)])


def event_last_number(stream: str) -> int:
    """The number of the stream's last event; 0 when there is none."""
    last = EventStream.objects.filter(stream=stream).values_list("last_number", flat=True).first()
    return last or 0


def audit_events(*, stream: str) -> QuerySet[AuditEvent]:
    """The audit records of a stream, newest first."""
    return AuditEvent.objects.filter(stream=stream).order_by("-number")


def jobs_for(user: Any) -> QuerySet[Job]:
    """The jobs a person started, newest first."""
    return Job.objects.filter(owner=user)


def job_get_for(user: Any, job_id: UUID | str) -> Job:
    """One job of this person; NotFound for anyone else's."""
    try:
        identifier = job_id if isinstance(job_id, UUID) else UUID(job_id)
        return jobs_for(user).get(pk=identifier)
    except (ValueError, Job.DoesNotExist) as error:
        raise NotFound("JOB_NOT_FOUND", "There is no such job.", job=str(job_id)) from error


def jobs_lost(*, now: datetime | None = None) -> QuerySet[Job]:
    """Jobs that run and were not heard of for `JOB_LOST_AFTER`."""
    limit = (now or timezone.now()) - JOB_LOST_AFTER
    return Job.objects.filter(Q(heartbeat_at__lt=limit) | Q(heartbeat_at=None), state=Job.State.RUNNING)


def notifications_for(user: Any, *, unread: bool = False, stream: str | None = None) -> QuerySet[Notification]:
    """A person's notifications, newest first."""
    found = Notification.objects.filter(user=user)
    if unread:
        found = found.filter(read_at=None)
    return found if stream is None else found.filter(stream=stream)


def heartbeat_age(name: str, *, now: datetime | None = None) -> float | None:
    """Seconds since the part called `name` was last alive; None when it never was."""
    beat_at = Heartbeat.objects.filter(name=name).values_list("beat_at", flat=True).first()
    return None if beat_at is None else ((now or timezone.now()) - beat_at).total_seconds()


def probe_results() -> QuerySet[ProbeResult]:
    """The last reading of every probe."""
    return ProbeResult.objects.all()
