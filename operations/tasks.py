"""Periodic tasks of operations. Each may run twice at the same time."""

from celery import shared_task

from operations import services
from operations.checks import WORKER


@shared_task
def jobs_requeue_lost() -> int:
    """Start again the jobs whose message or engine was lost."""
    return services.jobs_requeue_lost()


@shared_task
def probes_run() -> None:
    """Read every health probe; that this runs is the worker's own sign of life."""
    services.heartbeat_record(name=WORKER)
    services.probes_run()
