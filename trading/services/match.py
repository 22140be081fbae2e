"""The paper venue's matching: one account and one feed event, in one transaction under the account's lock.

The book is the account's working orders; ``trading.book.event_play`` says what the bar does to them and this module
writes it down. ``matched_event`` on the account makes it happen once.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import Any

from django.db import transaction

from marketdata.models import Feed
from marketdata.rounding import TOLERANCE_DECIMAL
from portfolio.models import Account
from portfolio.services import account_lock
from risk.services import exposure_lock
from trading import book
from trading.lifecycle import IN_BOOK, OrderState
from trading.models import Order
from trading.selectors.pictures import bar_volume_used, costs_get, sleeve_quantities
from trading.services.changes import Changes, changes_publish
from trading.services.fills import fill_book
from trading.services.moves import order_move
from trading.services.value import account_value
from trading.terms import OrderRole, OrderType, Phase, TimeInForce

REASONS = {
    book.REASON_OCO: "The other leg of its bracket closed the position.",
    book.REASON_REDUCE_ONLY: "There is nothing left that it could reduce.",
    book.REASON_PAIR_DONE: "Its bracket closed the position while it was still working.",
    book.REASON_PARENT_ENDED: "Its entry ended unfilled.",
}
VENUE = "paper"
FILL_NAMESPACE = uuid.UUID("6f1d4a3e-5c41-5e0c-9d1b-5b2f0c7a9e11")


def paper_event_match(*, account_id: int, event: Any, feed: Feed) -> bool:
    """Match, book, expire and value one account at one event; false when that was done before."""
    with transaction.atomic():
        account = account_lock(account_id)
        if account.matched_event >= event.number:
            return False
        changes = Changes(sections={"feed", "overview"})
        play = _Play(account, event, changes)
        books = _book(account, event)
        if books:
            exposure_lock(account=account, instruments=[orders[0].instrument for orders in books.values()])
        for orders in books.values():
            play.instrument(orders)
        account.matched_event = event.number
        account.save(update_fields=["matched_event"])
        account_value(account=account, event=event, changes=changes)
        kind = f"market.{event.phase.lower()}"
        changes_publish(account=account, changes=changes, kind=kind, market_time=event.at, feed=feed)
    return True


def _book(account: Account, event: Any) -> dict[int, list[Order]]:
    """Return the working orders and waiting children by instrument; at OPEN, note whom the session found."""
    orders = Order.objects.filter(account=account)
    if event.phase == Phase.OPEN:
        orders.filter(state__in=IN_BOOK, first_open_event__isnull=True).update(first_open_event=event.number)
    grouped: dict[int, list[Order]] = defaultdict(list)
    working = orders.filter(state__in=IN_BOOK) | orders.filter(state=OrderState.HELD, parent__isnull=False)
    for order in working.select_related("instrument", "deployment").order_by("sequence"):
        grouped[order.instrument_id].append(order)
    return grouped


class _Play:
    """Applies what the book says, action by action, in the order given."""

    def __init__(self, account: Account, event: Any, changes: Changes) -> None:
        self.account, self.event, self.changes = account, event, changes
        self.costs = costs_get(account)
        self.fills = 0
        self.orders: dict[Any, Order] = {}

    def instrument(self, orders: list[Order]) -> None:
        """Play the event of one instrument."""
        instrument = orders[0].instrument
        self.orders = {order.id: order for order in orders}
        actions, _ = book.event_play(
            phase=Phase(self.event.phase),
            bar=self.event.bars.get(instrument.pk),
            orders=[book_order(order, self.event.number) for order in orders],
            sleeves=sleeve_quantities(self.account, instrument),
            tick=instrument.tick,
            step=instrument.step,
            multiplier=instrument.multiplier,
            costs=self.costs,
            tolerance=TOLERANCE_DECIMAL,
            volume_used=bar_volume_used(self.account, instrument, self.event.number),
        )
        for action in actions:
            self.apply(self.orders[action.key], action)

    def apply(self, order: Order, action: book.Action) -> None:
        """Write one action down."""
        match action:
            case book.Fill():
                self.fill(order, action)
            case book.Release():
                order.quantity = action.quantity
                order.released_event, order.released_as = self.event.number, action.parent_filled_in_bar
                fields = ("quantity", "released_event", "released_as")
                self.move(order, OrderState.APPROVED, "policy", "Its entry filled.", fields)
            case book.Amend():
                filled = order.filled_quantity if order.quantity > 0 else -order.filled_quantity
                order.quantity = filled + action.quantity
                order.save(update_fields=["quantity", "updated_at"])
                self.changes.orders[order.id] = order
            case book.Trigger():
                self.enter_book(order)
                order.triggered = True
                order.save(update_fields=["triggered", "updated_at"])
            case book.Cancel():
                self.enter_book(order)
                self.move(order, OrderState.CANCELLED, "venue", REASONS[action.reason])
            case book.Expire():
                self.move(order, OrderState.EXPIRED, "venue", "The session it was good for has ended.")
            case book.Void():
                # its parent's end may have taken it along already
                if self.changes.orders.get(order.id, order).state == OrderState.HELD:
                    self.move(order, OrderState.VOIDED, "policy", REASONS[action.reason])

    def fill(self, order: Order, action: book.Fill) -> None:
        """Book one execution of the paper venue."""
        self.enter_book(order)
        self.fills += 1
        trade_id = str(uuid.uuid5(FILL_NAMESPACE, f"{order.id}:{self.event.number}:{self.fills}"))
        fill_book(
            account=self.account,
            order=order,
            venue=VENUE,
            venue_account=str(self.account.pk),
            trade_id=trade_id,
            quantity=action.quantity,
            price=action.price,
            fee=action.fee,
            executed_at=self.event.at,
            event_number=self.event.number,
            changes=self.changes,
        )

    def enter_book(self, order: Order) -> None:
        """A child released and reached within one bar lives at the venue from its entry's fill on."""
        if order.state == OrderState.APPROVED:
            self.move(order, OrderState.SUBMITTING, "venue", "")
            self.move(order, OrderState.WORKING, "venue", "")

    def move(self, order: Order, target: OrderState, by: str, reason: str, fields: tuple[str, ...] = ()) -> None:
        order_move(
            account=self.account,
            order=order,
            target=target,
            by=by,
            market_time=self.event.at,
            changes=self.changes,
            reason=reason,
            fields=fields,
        )


def book_order(order: Order, event_number: int) -> book.BookOrder:
    """Return the order as the book knows it at this event."""
    opening = event_number % 2 == 1
    this_bar = order.released_event is not None and order.released_event == event_number - 1 and not opening
    return book.BookOrder(
        key=order.id,
        sleeve=order.sleeve,
        role=OrderRole(order.role),
        quantity=order.remaining,
        order_type=OrderType(order.order_type),
        sequence=order.sequence,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        time_in_force=TimeInForce(order.time_in_force),
        reducing=order.reduce_only,
        protective=order.protective,
        parent=order.parent_id,
        held=order.state == OrderState.HELD,
        triggered=order.triggered,
        filled_quantity=order.filled_quantity,
        filled_notional=order.filled_notional,
        fees_charged=order.fees,
        found_at_open=opening or order.first_open_event is not None,
        parent_filled_in_bar=order.released_as if this_bar else "",
    )
