"""Cancels: one order, all orders, and what waits for a cancel. A cancel is never throttled and passes every stop."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from operations.errors import Conflict
from operations.services import audit_append
from portfolio.models import Account
from portfolio.services import account_lock
from trading.lifecycle import IN_BOOK, TERMINAL, OrderState
from trading.models import Order
from trading.selectors.pictures import market_time_of, sleeve_quantities
from trading.services.changes import Changes, changes_publish
from trading.services.moves import order_move

NOT_SENT = frozenset({OrderState.HELD, OrderState.APPROVED})
CANCELLABLE = NOT_SENT | IN_BOOK


def order_cancel(*, order_id: Any, actor: Any, reason: str = "Cancelled by hand.") -> Order:
    """Cancel one order. Locks the account; what was never sent is void at once, the rest when the venue confirms."""
    account_id = Order.objects.values_list("account_id", flat=True).get(pk=order_id)
    with transaction.atomic():
        account = account_lock(account_id)
        order = Order.objects.select_related("instrument", "deployment").get(pk=order_id)
        changes = Changes()
        if order.state != OrderState.CANCEL_PENDING:
            order_cancel_locked(account=account, order=order, by="human", reason=reason, changes=changes)
            _audit(account, "order.cancel", actor, order)
        changes_publish(account=account, changes=changes, kind="order.cancel", market_time=market_time_of(account))
    return order


def orders_cancel_all(*, account_id: int, actor: Any, symbol: str = "", protective: bool = False) -> list[Order]:
    """Cancel what works on an account, protective orders only when asked. Locks the account."""
    with transaction.atomic():
        account = account_lock(account_id)
        orders = Order.objects.select_related("instrument", "deployment").filter(account=account, state__in=CANCELLABLE)
        if symbol:
            orders = orders.filter(instrument__symbol=symbol)
        if not protective:
            orders = orders.filter(protective=False)
        changes = Changes()
        cancelled = []
        for order in orders.order_by("sequence"):
            order.refresh_from_db(fields=["state"])
            if OrderState(order.state) in CANCELLABLE:
                order_cancel_locked(
                    account=account, order=order, by="human", reason="Cancelled by hand.", changes=changes
                )
                cancelled.append(order)
        if cancelled:
            audit_append(
                stream=account.stream,
                action="orders.cancel_all",
                actor=actor,
                target=account.stream,
                after={"orders": [str(order.id) for order in cancelled]},
            )
        changes_publish(account=account, changes=changes, kind="order.cancel", market_time=market_time_of(account))
    return cancelled


def order_cancel_locked(*, account: Account, order: Order, by: str, reason: str, changes: Changes) -> None:
    """Cancel one order under the caller's account lock."""
    state = OrderState(order.state)
    if state in TERMINAL:
        raise Conflict("ORDER_ENDED", f"This order is {state} already; there is nothing to cancel.", state=str(state))
    if state not in CANCELLABLE:
        raise Conflict(
            "ORDER_IN_FLIGHT", f"This order is {state}; try again when the venue has answered.", state=str(state)
        )
    order_move(
        account=account,
        order=order,
        target=OrderState.VOIDED if state in NOT_SENT else OrderState.CANCEL_PENDING,
        by=by,
        market_time=market_time_of(account),
        changes=changes,
        reason=reason,
    )


def cancel_confirm(*, order_id: Any) -> None:
    """The venue has cancelled the order. Locks the account; releases the exits and replacements that waited for it."""
    account_id = Order.objects.values_list("account_id", flat=True).get(pk=order_id)
    with transaction.atomic():
        account = account_lock(account_id)
        order = Order.objects.select_related("instrument", "deployment").get(pk=order_id)
        if order.state != OrderState.CANCEL_PENDING:
            return
        changes, now = Changes(), market_time_of(account)
        order_move(
            account=account, order=order, target=OrderState.CANCELLED, by="venue", market_time=now, changes=changes
        )
        waiting_release(account=account, order=order, market_time=now, changes=changes)
        changes_publish(account=account, changes=changes, kind="order.cancelled", market_time=now)


def waiting_release(
    *, account: Account, order: Order, market_time: datetime, changes: Changes, refused: str = ""
) -> None:
    """Approve the exits and replacements of a sleeve once no cancel of it is pending; never beyond the position.

    With ``refused`` they are void: what they waited for works on.
    """
    sleeve = Order.objects.filter(account=account, instrument=order.instrument, deployment=order.deployment)
    if sleeve.filter(state=OrderState.CANCEL_PENDING).exists():
        return
    held = sleeve_quantities(account, order.instrument).get(order.sleeve, 0)
    waiting = sleeve.filter(state=OrderState.HELD).filter(Q(parent__isnull=True) | Q(replaces__isnull=False))
    for each in waiting.select_related("instrument", "deployment").order_by("sequence"):
        target, reason = (OrderState.VOIDED, refused) if refused else (OrderState.APPROVED, "")
        if each.reduce_only and not refused:
            closing = min(abs(each.quantity), abs(held)) if held * each.quantity < 0 else 0
            if not closing:
                target, reason = OrderState.VOIDED, "There is nothing left to reduce."
            else:
                each.quantity = closing if each.quantity > 0 else -closing
        order_move(
            account=account, order=each, target=target, by="policy", market_time=market_time, changes=changes,
            reason=reason, fields=("quantity",),
        )  # fmt: skip


def _audit(account: Account, action: str, actor: Any, order: Order) -> None:
    audit_append(
        stream=account.stream, action=action, actor=actor, target=f"order:{order.id}", after={"state": str(order.state)}
    )
