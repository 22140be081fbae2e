"""One way to move an order through its lifecycle: checked, recorded, its reserve given back when it ends."""

from __future__ import annotations

from datetime import datetime

from portfolio.models import Account
from portfolio.services import reserve_release
from risk.services import exposure_adjust
from trading.lifecycle import TERMINAL, OrderState, move_check
from trading.models import Order, OrderEvent
from trading.services.changes import Changes


def order_move(
    *,
    account: Account,
    order: Order,
    target: OrderState,
    by: str,
    market_time: datetime,
    changes: Changes,
    reason: str = "",
    fields: tuple[str, ...] = (),
) -> Order:
    """Move an order to ``target``. The account is locked; ``by`` is whose word it is: venue, policy or human."""
    current = OrderState(order.state)
    move_check(current, target)
    OrderEvent.objects.create(
        order=order, from_state=current, to_state=target, by=by, reason=reason[:300], market_time=market_time
    )
    order.state = target
    if reason:
        order.reason = reason[:300]
    if target in TERMINAL:
        order.ended_by = by
        if order.opening:
            _opening_release(account, order, target)
    order.save(update_fields=["state", "reason", "ended_by", "updated_at", *fields])
    changes.orders[order.id] = order
    if target in TERMINAL and target is not OrderState.FILLED:
        _children_void(account=account, parent=order, market_time=market_time, changes=changes)
    return order


def _opening_release(account: Account, order: Order, target: OrderState) -> None:
    """What an ended opening still held: money, and its share of the person's room in the symbol."""
    reserve_release(account=account, source=str(order.id))
    left = min(order.opening, abs(order.remaining))
    if left and target is not OrderState.FILLED:
        exposure_adjust(account=account, instrument=order.instrument, reserved=-left)


def _children_void(*, account: Account, parent: Order, market_time: datetime, changes: Changes) -> None:
    """A parent that ends without a fill takes its waiting children with it."""
    if parent.filled_quantity or parent.parent_id:
        return
    for child in parent.children.filter(state=OrderState.HELD):
        order_move(
            account=account,
            order=child,
            target=OrderState.VOIDED,
            by="policy",
            market_time=market_time,
            changes=changes,
            reason="Its entry ended unfilled.",
        )
