"""Runs of backtests: what was asked, the job that does it, and what came out."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from marketdata.models import DatasetVersion
from operations.models import Job


class BacktestRun(models.Model):
    """One request and its result; where it stands is its job's word alone."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="backtests")
    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="backtest")
    request = models.JSONField()
    dataset_version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="+")
    summary = models.JSONField(null=True, blank=True)
    tables = models.BinaryField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Newest first."""

        ordering = ["-id"]
        indexes = [models.Index(fields=["owner", "-id"], name="backtest_owner")]

    def __str__(self) -> str:
        return f"{self.request.get('strategy')} {self.request.get('start_date')} to {self.request.get('end_date')}"

    @property
    def state(self) -> str:
        """Where the job stands."""
        return str(self.job.state)
