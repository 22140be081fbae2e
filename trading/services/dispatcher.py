"""The dispatcher: takes approved orders to their venue, and cancels, one owner at a time, never twice.

Before every send: the owner's lock, the shared stop barrier, the stop epoch and the account's environment read again,
and the attempt committed. What happened at the venue is recorded afterwards; a row is the queue, a bell only wakes.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.db.models import Q
from django.utils import timezone

from operations.errors import Unavailable
from operations.locks import lock_session
from operations.services import heartbeat_record
from trading.lifecycle import OrderState
from trading.models import Order
from trading.services.send import RETRY_AFTER_S, cancel_send, order_send

log = structlog.get_logger(__name__)

_BELL = threading.Event()
POLL_S = 0.05
BATCH = 100


def dispatch_wake() -> None:
    """Ring the bell of the dispatcher in this process; others poll."""
    _BELL.set()


def dispatch_pending(*, wall_time: datetime, feed_id: int | None = None) -> int:
    """Send what is ready now; return how many rows were taken."""
    ready = Order.objects.filter(
        Q(state=OrderState.APPROVED) | Q(state=OrderState.CANCEL_PENDING),
        Q(claimed_until__isnull=True) | Q(claimed_until__lt=wall_time),
    )
    if feed_id is not None:
        ready = ready.filter(account__feed_id=feed_id)
    taken = 0
    for order_id, state in ready.order_by("created_at", "sequence").values_list("pk", "state")[:BATCH]:
        send = cancel_send if state == OrderState.CANCEL_PENDING else order_send
        try:
            taken += bool(send(order_id=order_id, wall_time=wall_time))
        except Unavailable as error:
            log.info("send_waits", order_id=str(order_id), reason=error.message)
        except DatabaseError:
            raise
        except Exception:  # one order's fault holds up that order alone
            log.exception("send_failed", order_id=str(order_id))
            Order.objects.filter(pk=order_id).update(claimed_until=wall_time + timedelta(seconds=RETRY_AFTER_S))
    return taken


def dispatch_loop(stop: threading.Event) -> None:
    """Send until ``stop`` is set. Any number of these may run; a lost database means that nothing more is sent."""
    beat = 0.0
    while not stop.is_set():
        try:
            with lock_session():
                while not stop.is_set():
                    if time.monotonic() - beat > 2:
                        heartbeat_record(name="dispatcher")
                        beat = time.monotonic()
                    _BELL.clear()
                    if not dispatch_pending(wall_time=timezone.now()):
                        _BELL.wait(POLL_S)
        except DatabaseError:
            log.exception("dispatcher_lost_database")
            close_old_connections()
            stop.wait(settings.SEND_TIMEOUT_S / 5)
