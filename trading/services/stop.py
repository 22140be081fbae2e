"""What trading does when a stop is latched: approved orders that were not sent are void, and stay so after a resume."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from portfolio.models import Account
from portfolio.services import account_lock
from risk.selectors import stop_state
from trading.lifecycle import OrderState
from trading.models import Order
from trading.selectors.pictures import market_time_of
from trading.services.changes import Changes, changes_publish
from trading.services.moves import order_move


def stop_void(*, latch: Any) -> int:
    """Void what was approved before the latch and not sent, in every account it covers; return how many."""
    accounts = (
        Order.objects.filter(state__in=(OrderState.APPROVED, OrderState.HELD), protective=False)
        .values_list("account_id", flat=True)
        .distinct()
    )
    return sum(_account_void(account_id) for account_id in sorted(accounts))


def _account_void(account_id: int) -> int:
    with transaction.atomic():
        account = account_lock(account_id)
        changes, now = Changes(), market_time_of(account)
        for order in _stale(account):
            order_move(
                account=account, order=order, target=OrderState.VOIDED, by="policy", market_time=now, changes=changes,
                reason="It was approved before a stop; it is not sent after one.",
            )  # fmt: skip
        voided = len(changes.orders)
        changes.sections |= {"risk"}
        changes_publish(account=account, changes=changes, kind="orders.voided", market_time=now)
    return voided


def _stale(account: Account) -> list[Order]:
    """Unsent orders whose epoch is older than the account's; waiting exits of people are theirs to repeat."""
    orders = Order.objects.select_related("instrument", "deployment").filter(
        account=account, state__in=(OrderState.APPROVED, OrderState.HELD), protective=False
    )
    epochs: dict[str, int] = {}
    stale = []
    for order in orders:
        key = order.sleeve
        if key not in epochs:
            epochs[key] = stop_state(account=account, deployment_key=key).epoch
        if epochs[key] != order.stop_epoch:
            stale.append(order)
    return stale
