"""One send: re-check, commit the attempt, speak to the venue once, record what it said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from operations.locks import owner_lock, stop_barrier_shared
from operations.services import notification_send
from portfolio.models import Account
from portfolio.services import account_lock
from risk.facts import StopLevel
from risk.selectors import scope_keys_for, stop_state
from trading.brokers.base import OutcomeUnknown, Rejected, Temporary, Ticket
from trading.lifecycle import OrderState
from trading.models import Deployment, Order, SendAttempt
from trading.selectors import broker_get
from trading.selectors.pictures import market_time_of
from trading.services.cancel import cancel_confirm, order_cancel_locked, waiting_release
from trading.services.changes import Changes, changes_publish
from trading.services.moves import order_move
from trading.terms import OrderRole

log = structlog.get_logger(__name__)
RETRY_AFTER_S = 1.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the venue said: the state the order goes to, with its reason."""

    state: OrderState | None
    kind: str
    reason: str = ""
    venue_order_id: str = ""


def order_send(*, order_id: Any, wall_time: datetime) -> bool:
    """Send one approved order, if it is still wanted; false when another owner has it or it waits."""
    with owner_lock(f"order:{order_id}") as lease:
        if not lease:
            return False
        order = Order.objects.select_related("account").get(pk=order_id)
        with stop_barrier_shared(scope_keys_for(account=order.account, deployment_key=order.sleeve)):
            begun = _begin(order_id, wall_time)
            if begun is None:
                return True
            ticket, attempt_id, venue = begun
            if not lease.alive():
                return False
            outcome = _speak(venue, ticket)
        _end(order_id, attempt_id, outcome)
    return True


def order_resend(*, order_id: Any, wall_time: datetime) -> bool:
    """Take up an order found SUBMITTING after a crash: a venue that dedupes on our id gets the same bytes again.

    What a stop has overtaken in between is not sent again but cancelled at the venue, which may have it.
    """
    with owner_lock(f"order:{order_id}") as lease:
        if not lease:
            return False
        order = Order.objects.select_related("account", "instrument").get(pk=order_id)
        venue = broker_get(order.account)
        if order.state != OrderState.SUBMITTING or not venue.capabilities.dedupes_on_order_id:
            return False
        with stop_barrier_shared(scope_keys_for(account=order.account, deployment_key=order.sleeve)):
            refusal = _refusal(order.account, order)
            with transaction.atomic():
                attempt = _attempt(order, "submit" if refusal is None else "cancel", wall_time)
            if not lease.alive():
                return False
            outcome = _speak(venue, _ticket(order)) if refusal is None else _cancel_speak(venue, order)
        _end(order_id, attempt.pk, outcome)
    return True


def _begin(order_id: Any, wall_time: datetime) -> tuple[Ticket, int, Any] | None:
    """Re-check under the account's lock and commit SUBMITTING with the attempt; None when there is nothing to send."""
    with transaction.atomic():
        account_id = Order.objects.values_list("account_id", flat=True).get(pk=order_id)
        account = account_lock(account_id)
        order = Order.objects.select_related("instrument", "deployment").get(pk=order_id)
        if order.state != OrderState.APPROVED:
            return None
        changes = Changes()
        refusal = _refusal(account, order)
        market_time = order.market_time
        if refusal is not None:
            target, reason = refusal
            log.info(f"ORDER_{target}", order_id=str(order_id), account=account.pk, reason=reason)
            order_move(
                account=account, order=order, target=target, by="policy", market_time=market_time,
                changes=changes, reason=reason,
            )  # fmt: skip
            changes_publish(account=account, changes=changes, kind=f"order.{target.lower()}", market_time=market_time)
            return None
        order_move(
            account=account, order=order, target=OrderState.SUBMITTING, by="policy", market_time=market_time,
            changes=changes,
        )  # fmt: skip
        attempt = _attempt(order, "submit", wall_time)
    return _ticket(order), attempt.pk, broker_get(account)


def _refusal(account: Account, order: Order) -> tuple[OrderState, str] | None:
    """Return why an approved order must not go out now: trading is off here, or it was approved before a stop."""
    if account.environment != "paper":
        return (
            OrderState.SKIPPED,
            f"Trading is not activated for {account.environment} accounts; the order was not sent.",
        )
    if order.protective and order.reduce_only:
        return None
    stop = stop_state(account=account, deployment_key=order.sleeve)
    if stop.epoch != order.stop_epoch:
        return OrderState.VOIDED, "It was approved before a stop; it is not sent after one."
    if stop.level is StopLevel.HALTED and not order.reduce_only:
        return OrderState.VOIDED, "Trading is halted."
    return None


def _attempt(order: Order, kind: str, wall_time: datetime) -> SendAttempt:
    number = SendAttempt.objects.filter(order=order, kind=kind).count() + 1
    return SendAttempt.objects.create(
        order=order, kind=kind, number=number, payload_hash=order.payload_hash, started_at=wall_time
    )


def _ticket(order: Order) -> Ticket:
    return Ticket(
        order_id=str(order.id),
        account=str(order.account_id),
        symbol=order.instrument.symbol,
        quantity=order.remaining,
        order_type=str(order.order_type),
        time_in_force=str(order.time_in_force),
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        reduce_only=order.reduce_only,
    )


def _speak(venue: Any, ticket: Ticket) -> Outcome:
    """Submit once; every answer has a name."""
    try:
        acknowledged = venue.submit(ticket, timeout_s=settings.SEND_TIMEOUT_S)
    except Rejected as error:
        return Outcome(OrderState.REJECTED, "rejected", str(error))
    except Temporary as error:
        return Outcome(None, "temporary", str(error))
    except OutcomeUnknown as error:
        return Outcome(OrderState.UNKNOWN, "unknown", str(error))
    return Outcome(OrderState.WORKING, "accepted", "", acknowledged.venue_order_id)


def _end(order_id: Any, attempt_id: int, outcome: Outcome) -> None:
    """Record the venue's word. A temporary failure leaves the order SUBMITTING for the sweep to take up again."""
    with transaction.atomic():
        account = account_lock(Order.objects.values_list("account_id", flat=True).get(pk=order_id))
        SendAttempt.objects.filter(pk=attempt_id).update(
            ended_at=timezone.now(), outcome=outcome.kind, detail=outcome.reason[:300]
        )
        order = Order.objects.select_related("instrument", "deployment").get(pk=order_id)
        if outcome.state is None or order.state != OrderState.SUBMITTING:
            return
        changes = Changes()
        order.venue_order_id = outcome.venue_order_id
        order_move(
            account=account, order=order, target=outcome.state, by="venue", market_time=order.market_time,
            changes=changes, reason=outcome.reason, fields=("venue_order_id",),
        )  # fmt: skip
        if outcome.state is OrderState.UNKNOWN:
            _unknown_tell(account, order, outcome.reason)
        if order.role == OrderRole.ENTRY and outcome.state is OrderState.WORKING:
            _entry_end(account, order, changes)
        changes_publish(
            account=account, changes=changes, kind=f"order.{outcome.state.lower()}", market_time=order.market_time
        )


def _entry_end(account: Account, order: Order, changes: Changes) -> None:
    """Its deployment was stopped while it was on its way: the entry is cancelled, as those in the book were."""
    deployment = order.deployment
    if deployment is not None and deployment.state == Deployment.State.STOPPED:
        order_cancel_locked(
            account=account, order=order, by="policy", reason=f"{deployment.name} was stopped.", changes=changes
        )


def cancel_send(*, order_id: Any, wall_time: datetime) -> bool:
    """Ask the venue to cancel, and record what it said. Cancels pass every stop."""
    with owner_lock(f"order:{order_id}") as lease:
        if not lease:
            return False
        with transaction.atomic():
            order = Order.objects.select_related("account").get(pk=order_id)
            if order.state != OrderState.CANCEL_PENDING:
                return False
            attempt = _attempt(order, "cancel", wall_time)
        outcome = _cancel_speak(broker_get(order.account), order)
        SendAttempt.objects.filter(pk=attempt.pk).update(
            ended_at=timezone.now(), outcome=outcome.kind, detail=outcome.reason[:300]
        )
        if outcome.state is None:
            Order.objects.filter(pk=order_id).update(claimed_until=wall_time + timedelta(seconds=RETRY_AFTER_S))
            return False
        if outcome.state is OrderState.CANCELLED:
            cancel_confirm(order_id=order_id)
        else:
            _cancel_refused(order_id, outcome)
    return True


def _cancel_speak(venue: Any, order: Order) -> Outcome:
    """Ask once for a cancel; a refusal is "it works on" only where the venue lists the order."""
    try:
        try:
            venue.cancel(str(order.pk), timeout_s=settings.SEND_TIMEOUT_S)
        except Rejected as error:
            if str(order.pk) not in venue.open_orders(str(order.account_id)):
                return Outcome(OrderState.UNKNOWN, "rejected", f"The venue knows no such order to cancel: {error}")
            works = OrderState.PARTIALLY_FILLED if order.filled_quantity else OrderState.WORKING
            return Outcome(works, "rejected", f"The venue refused to cancel it: {error}")
    except (Temporary, OutcomeUnknown) as error:
        return Outcome(None, "temporary", str(error))
    return Outcome(OrderState.CANCELLED, "accepted", venue_order_id=order.venue_order_id)


def _cancel_refused(order_id: Any, outcome: Outcome) -> None:
    """The order works on, and what waited for its end is void; or nobody knows, and a person must ask."""
    with transaction.atomic():
        account = account_lock(Order.objects.values_list("account_id", flat=True).get(pk=order_id))
        order = Order.objects.select_related("instrument", "deployment").get(pk=order_id)
        if order.state != OrderState.CANCEL_PENDING or outcome.state is None:
            return
        changes, now = Changes(), market_time_of(account)
        order_move(
            account=account, order=order, target=outcome.state, by="venue", market_time=now, changes=changes,
            reason=outcome.reason,
        )  # fmt: skip
        if outcome.state is OrderState.UNKNOWN:
            _unknown_tell(account, order, outcome.reason)
        else:
            waiting_release(account=account, order=order, market_time=now, changes=changes, refused=outcome.reason)
        changes_publish(account=account, changes=changes, kind="order.cancel_refused", market_time=now)


def _unknown_tell(account: Account, order: Order, reason: str) -> None:
    notification_send(
        user=account.owner,
        level="critical",
        title="An order's outcome is unknown",
        body=f"Order {order.id}: {reason} It is not sent again; ask the venue.",
        stream=account.stream,
    )
