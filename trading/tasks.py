"""Celery tasks of the trading room: each takes ids, calls one service, and may run twice at the same time."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from trading.services.evaluate import evaluation_record
from trading.services.reconcile import reconcile_round


@shared_task(name="trading.tasks.deployment_evaluate")
def deployment_evaluate(deployment_id: int, event_number: int) -> None:
    """Evaluate one deployment at one bar."""
    evaluation_record(deployment_id=deployment_id, event_number=event_number)


@shared_task(name="trading.tasks.reconcile")
def reconcile() -> None:
    """Compare what we believe with what the venues say."""
    reconcile_round(wall_time=timezone.now())
