"""Background work on what is owned."""

import structlog
from celery import shared_task

from operations.services import heartbeat_record
from portfolio.services import ledger_verify

log = structlog.get_logger(__name__)


@shared_task
def ledger_verify_all() -> int:
    """Verify every account's ledger; returns the number of differences, each of them logged."""
    found = ledger_verify()
    for difference in found:
        log.error("ledger_difference", difference=difference)
    heartbeat_record(name="ledger-verify", detail=f"{len(found)} differences" if found else "")
    return len(found)
