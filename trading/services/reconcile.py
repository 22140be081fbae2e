"""The sweep: what was approved and not sent, sent and not answered, asked to cancel and not confirmed.

On paper the book is the database, so a round compares what orders, reserves and fills say of each other and takes up
again what a crash left in the middle. Running it twice writes nothing the second time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from operations.errors import Unavailable
from portfolio.models import Account
from trading.lifecycle import OPEN_STATES, OrderState
from trading.models import Fill, Order, SendAttempt
from trading.services.dispatcher import dispatch_wake
from trading.services.send import order_resend

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Round:
    """What one round found; clean when nothing disagrees."""

    resent: int = 0
    differences: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether the accounts may trade."""
        return not self.differences


def reconcile_round(*, wall_time: datetime, feed_id: int | None = None) -> Round:
    """Sweep once over the open orders, of one feed or of all."""
    result = Round(resent=unanswered_resend(wall_time=wall_time, feed_id=feed_id))
    orders = _orders(feed_id)
    if orders.filter(state__in=(OrderState.APPROVED, OrderState.CANCEL_PENDING)).exists():
        dispatch_wake()
    for account in Account.objects.filter(pk__in=orders.filter(state__in=OPEN_STATES).values("account_id")):
        result.differences += orders_differences(account)
    if result.differences:
        log.error("reconcile_differences", differences=result.differences[:20])
    return result


def unanswered_resend(*, wall_time: datetime, feed_id: int | None = None) -> int:
    """Take up again what was sent and not answered in time; return how many. Who sends now holds the order's lock."""
    horizon = wall_time - timedelta(seconds=settings.SEND_TIMEOUT_S)
    asked_since = SendAttempt.objects.filter(order=OuterRef("pk"), started_at__gte=horizon)
    unanswered = _orders(feed_id).filter(~Exists(asked_since), state=OrderState.SUBMITTING)
    resent = 0
    for order_id in unanswered.values_list("pk", flat=True):
        try:
            resent += bool(order_resend(order_id=order_id, wall_time=wall_time))
        except Unavailable as error:
            log.info("resend_waits", order_id=str(order_id), reason=error.message)
    return resent


def _orders(feed_id: int | None) -> QuerySet[Order]:
    orders = Order.objects.filter(account__archived_at__isnull=True)
    return orders if feed_id is None else orders.filter(account__feed_id=feed_id)


def orders_differences(account: Account) -> list[str]:
    """Return where an account's open orders and its fills disagree."""
    found = []
    for order in Order.objects.filter(account=account, state__in=OPEN_STATES).prefetch_related("fills"):
        filled = sum((abs(fill.quantity) for fill in order.fills.all()), start=0)
        if filled != order.filled_quantity:
            found.append(f"order {order.id} says {order.filled_quantity} filled, its fills say {filled}")
    return found


def fills_verify(account: Account | None = None) -> list[str]:
    """Compare every fill with its position entry and its order; return the differences."""
    fills = Fill.objects.select_related("entry", "order")
    if account is not None:
        fills = fills.filter(account=account)
    found = []
    totals: dict[UUID, Decimal] = {}
    for fill in fills.order_by("id").iterator():
        entry, order = fill.entry, fill.order
        for name, mine, theirs in (
            ("quantity", fill.quantity, entry.quantity),
            ("price", fill.price, entry.price),
            ("fee", fill.fee, entry.fee),
            ("instrument", fill.instrument_id, entry.instrument_id),
            ("account", fill.account_id, entry.account_id),
            ("sleeve", order.sleeve, entry.deployment_key),
        ):
            if mine != theirs:
                found += [f"fill {fill.id}: {name} is {mine}, its position entry says {theirs}"]
        totals[order.pk] = totals.get(order.pk, Decimal(0)) + abs(fill.quantity)
    for order in Order.objects.filter(pk__in=list(totals)).iterator():
        if order.filled_quantity != totals[order.pk]:
            found.append(f"order {order.id}: filled {order.filled_quantity}, its fills sum to {totals[order.pk]}")
    return found
