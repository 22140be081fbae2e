"""Changes to operations: audit, events, jobs, notifications, signs of life.

The streams' rows are locked in the caller's transaction and kept until it ends. Callers lock their
account first, then publish and audit on its stream, and touch the `site` stream last.
"""

from operations.services.audit import audit_append, audit_verify
from operations.services.events import event_publish, notification_send, notifications_read
from operations.services.health import heartbeat_record, probes_run
from operations.services.jobs import (
    job_claim,
    job_create,
    job_fail,
    job_progress,
    job_stop_request,
    job_stopped,
    job_succeed,
    jobs_requeue_lost,
)

__all__ = [
    "audit_append",
    "audit_verify",
    "event_publish",
    "heartbeat_record",
    "job_claim",
    "job_create",
    "job_fail",
    "job_progress",
    "job_stop_request",
    "job_stopped",
    "job_succeed",
    "jobs_requeue_lost",
    "notification_send",
    "notifications_read",
    "probes_run",
]
