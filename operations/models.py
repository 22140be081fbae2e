"""How we know: the audit chain, numbered events, jobs, notifications, heartbeats, probe results.

People are `settings.AUTH_USER_MODEL`; accounts appear only as the key of a stream.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class AuditStream(models.Model):
    """The head of one audit stream: its last number and code, under a code of its own."""

    stream = models.CharField(max_length=90, unique=True)
    last_number = models.BigIntegerField(default=0)
    last_code = models.CharField(max_length=64)
    code = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(last_number__gte=0), name="operations_auditstream_number"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} #{self.last_number}"


class AuditEvent(models.Model):
    """One act: who, what, on what, before and after. Append-only, chained by HMAC."""

    stream = models.CharField(max_length=90)
    number = models.BigIntegerField()
    action = models.CharField(max_length=80)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    actor_name = models.CharField(max_length=150, blank=True)
    target = models.CharField(max_length=120, blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    market_time = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    previous = models.CharField(max_length=64)
    code = models.CharField(max_length=64)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["stream", "number"], name="operations_auditevent_place"),
            models.CheckConstraint(condition=Q(number__gte=1), name="operations_auditevent_number"),
        ]
        indexes = [
            models.Index(fields=["recorded_at"], name="operations_auditevent_at"),
            models.Index(fields=["target"], name="operations_auditevent_target"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} #{self.number} {self.action}"


class EventStream(models.Model):
    """The counter of one stream of events; locked while an event is numbered."""

    stream = models.CharField(max_length=90, unique=True)
    last_number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.stream} #{self.last_number}"


class Event(models.Model):
    """One thing that happened on a stream, numbered without gaps. Append-only."""

    stream = models.CharField(max_length=90)
    number = models.BigIntegerField()
    kind = models.CharField(max_length=60)
    payload = models.JSONField(default=dict)
    market_time = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["stream", "number"], name="operations_event_place")]

    def __str__(self) -> str:
        return f"{self.stream} #{self.number} {self.kind}"


class Job(models.Model):
    """A piece of background work. The row is the truth; the task that runs it is its engine."""

    class State(models.TextChoices):
        """Where a job stands; the last three are final."""

        PENDING = "pending"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        STOPPED = "stopped"

    FINAL = (State.SUCCEEDED, State.FAILED, State.STOPPED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="jobs"
    )
    kind = models.CharField(max_length=40)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    progress = models.FloatField(default=0.0, help_text="Done, as a fraction.")
    message = models.CharField(max_length=300, blank=True)
    stop_requested = models.BooleanField(default=False)
    attempt = models.PositiveIntegerField(default=0, help_text="How often it was started; fences a lost engine out.")
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(progress__gte=0, progress__lte=1), name="operations_job_progress"),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "running", "succeeded", "failed", "stopped"]),
                name="operations_job_state",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="operations_job_owner"),
            models.Index(
                fields=["state", "queued_at"],
                condition=Q(state__in=["pending", "running"]),
                name="operations_job_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id} {self.state}"

    @property
    def is_final(self) -> bool:
        return self.state in self.FINAL


class Notification(models.Model):
    """A message to one person, shown on the site until read."""

    class Level(models.TextChoices):
        """How much it matters."""

        INFO = "info"
        WARNING = "warning"
        CRITICAL = "critical"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    level = models.CharField(max_length=10, choices=Level.choices, default=Level.INFO)
    title = models.CharField(max_length=150)
    body = models.TextField(blank=True)
    stream = models.CharField(max_length=90, blank=True)
    link = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(level__in=["info", "warning", "critical"]), name="operations_notification_level"
            ),
        ]
        indexes = [models.Index(F("user"), F("id").desc(), name="operations_notification_user")]

    def __str__(self) -> str:
        return f"{self.level}: {self.title}"


class Heartbeat(models.Model):
    """When a long-running part of the site was last alive."""

    name = models.CharField(max_length=80, unique=True)
    detail = models.CharField(max_length=300, blank=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.beat_at:%Y-%m-%d %H:%M:%S}"


class ProbeResult(models.Model):
    """The last reading of one registered health probe."""

    path = models.CharField(max_length=200, unique=True)
    name = models.CharField(max_length=80)
    status = models.CharField(max_length=10)
    detail = models.CharField(max_length=500, blank=True)
    checked_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["ok", "warning", "failing"]), name="operations_proberesult_status"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.status}"
