"""The Celery application: workers are a wake-up, never the record."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quantsite.settings")

app = Celery("quantsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["operations", "marketdata", "portfolio", "risk", "trading", "backtests"])
