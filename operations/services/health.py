"""Signs of life, and the registered health probes."""

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from operations.models import Heartbeat, ProbeResult
from operations.probes import Reading, Status

log = structlog.get_logger(__name__)


def heartbeat_record(*, name: str, detail: str = "") -> None:
    """Note that the part called `name` is alive now; one row per name."""
    now = timezone.now()
    if not Heartbeat.objects.filter(name=name).update(beat_at=now, detail=detail[:300]):
        Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": now, "detail": detail[:300]})


def probes_run() -> list[ProbeResult]:
    """Run every probe of HEALTH_PROBES and keep its reading; results of probes no longer listed go."""
    results = [_probe_run(path) for path in settings.HEALTH_PROBES]
    ProbeResult.objects.exclude(path__in=settings.HEALTH_PROBES).delete()
    return results


def _probe_run(path: str) -> ProbeResult:
    reading = _reading(path)
    result, _ = ProbeResult.objects.update_or_create(
        path=path,
        defaults={
            "name": reading.name[:80],
            "status": Status(reading.status).value,
            "detail": reading.detail[:500],
            "checked_at": timezone.now(),
        },
    )
    return result


def _reading(path: str) -> Reading:
    try:
        with transaction.atomic():
            reading = import_string(path)()
            if not isinstance(reading, Reading):
                raise TypeError(f"{path} returned {type(reading).__name__}, not a Reading")
            return reading
    except Exception as error:  # a probe that raises has failed; that is its reading
        log.exception("probe_failed", path=path)
        return Reading(path.rpartition(".")[2], Status.FAILING, f"{type(error).__name__}: {error}")
