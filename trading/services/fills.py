"""Fills: one function books every execution, whoever tells of it, however often and in whatever order."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from marketdata.rounding import snap
from operations.services import audit_append, notification_send
from portfolio.models import Account
from portfolio.services import account_lock, fill_post, reserve_release
from risk.services import exposure_adjust
from trading.lifecycle import TERMINAL, OrderState
from trading.models import Fill, Order, SymbolLatch
from trading.services.cancel import waiting_release
from trading.services.changes import Changes, changes_publish
from trading.services.moves import order_move
from trading.terms import OrderRole

ZERO = Decimal(0)
CANCEL_ASKED = (OrderState.CANCEL_PENDING, OrderState.UNKNOWN)


def fill_record(
    *,
    order_id: str,
    venue: str,
    venue_account: str,
    trade_id: str,
    quantity: Decimal,
    price: Decimal,
    fee: Decimal,
    executed_at: datetime,
) -> Fill:
    """Book an execution a venue told of, by push or by poll. Locks the account; a trade told again changes nothing."""
    order = Order.objects.only("account_id").get(pk=order_id)
    with transaction.atomic():
        account = account_lock(order.account_id)
        order = Order.objects.select_related("instrument", "deployment").get(pk=order_id)
        changes = Changes()
        fill = fill_book(
            account=account,
            order=order,
            venue=venue,
            venue_account=venue_account,
            trade_id=trade_id,
            quantity=quantity,
            price=price,
            fee=fee,
            executed_at=executed_at,
            event_number=None,
            changes=changes,
        )
        changes_publish(account=account, changes=changes, kind="order.filled", market_time=executed_at)
    return fill


def fill_book(
    *,
    account: Account,
    order: Order,
    venue: str,
    venue_account: str,
    trade_id: str,
    quantity: Decimal,
    price: Decimal,
    fee: Decimal,
    executed_at: datetime,
    event_number: int | None,
    changes: Changes,
) -> Fill:
    """Book one execution under the caller's account lock: ledger, sleeve, order, reserve, latch; once per trade id."""
    known = Fill.objects.filter(venue=venue, venue_account=venue_account, trade_id=trade_id).first()
    if known is not None:
        return known
    entry, position = fill_post(
        account=account,
        instrument=order.instrument,
        deployment_key=order.sleeve,
        quantity=quantity,
        price=price,
        fee=fee,
        executed_at=executed_at,
        source=f"{venue}:{venue_account}:{trade_id}",
    )
    fill = Fill.objects.create(
        account=account,
        order=order,
        instrument=order.instrument,
        entry=entry,
        venue=venue,
        venue_account=venue_account,
        trade_id=trade_id,
        quantity=quantity,
        price=price,
        fee=fee,
        realised=entry.realised,
        event_number=event_number,
        executed_at=executed_at,
    )
    asked = min(order.opening, abs(order.remaining))
    left = max(min(order.opening, abs(order.remaining) - abs(quantity)), ZERO)
    exposure_adjust(
        account=account,
        instrument=order.instrument,
        held=abs(position.quantity) - abs(position.quantity - quantity),
        reserved=ZERO if OrderState(order.state) in TERMINAL else left - asked,
    )
    _order_fold(account, order, fill, changes)
    if order.protective and order.deployment_id and event_number is not None:
        _latch(order, event_number)
    changes.fills.append(fill)
    changes.sections |= {"positions", "overview"}
    return fill


def _order_fold(account: Account, order: Order, fill: Fill, changes: Changes) -> None:
    """Add the fill to its order and give back the share of the reserve it used."""
    before = order.filled_quantity
    order.filled_quantity = before + abs(fill.quantity)
    order.filled_notional = snap(
        order.filled_notional + snap(abs(fill.quantity) * fill.price * order.instrument.multiplier)
    )
    order.fees = order.fees + fill.fee
    fields = ("filled_quantity", "filled_notional", "fees")
    if OrderState(order.state) in TERMINAL:
        order.save(update_fields=[*fields, "updated_at"])
        _late_fill_alert(account, order, fill)
        changes.orders[order.id] = order
        return
    if order.opening:
        share = snap(order.reserved * abs(fill.quantity) / abs(order.quantity))
        reserve_release(account=account, source=str(order.id), amount=share)
    state, whole = OrderState(order.state), order.filled_quantity >= abs(order.quantity)
    if state is OrderState.CANCEL_PENDING and not whole:  # the cancel stands: the venue has yet to answer it
        order.save(update_fields=[*fields, "updated_at"])
        changes.orders[order.id] = order
        return
    order_move(
        account=account,
        order=order,
        target=OrderState.FILLED if whole else OrderState.PARTIALLY_FILLED,
        by="venue",
        market_time=fill.executed_at,
        changes=changes,
        fields=fields,
    )
    if whole and state in CANCEL_ASKED:
        waiting_release(account=account, order=order, market_time=fill.executed_at, changes=changes)


def _late_fill_alert(account: Account, order: Order, fill: Fill) -> None:
    audit_append(
        stream=account.stream,
        action="fill.late",
        target=f"order:{order.id}",
        after={"state": order.state, "quantity": str(fill.quantity), "price": str(fill.price)},
        market_time=fill.executed_at,
    )
    notification_send(
        user=account.owner,
        level="critical",
        title="A fill arrived for an order that had ended",
        body=f"Order {order.id} is {order.state}; {abs(fill.quantity)} filled at {fill.price} was booked all the same.",
        stream=account.stream,
    )


def _latch(order: Order, event_number: int) -> None:
    """A protective exit keeps the deployment flat in the symbol until its target returns to zero or turns."""
    if order.deployment is not None and order.role in (OrderRole.STOP, OrderRole.TARGET):
        SymbolLatch.objects.get_or_create(
            deployment=order.deployment,
            symbol=order.instrument.symbol,
            defaults={"since_event": event_number, "order": order.pk, "sign": -1 if order.quantity > 0 else 1},
        )
