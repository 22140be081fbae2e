"""Orders of people and programs: submitted once per key, previewed, closed, replaced, protected."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from marketdata.models import Feed, Instrument
from marketdata.selectors import instrument_get
from operations.canonical import decimal_text
from operations.errors import Conflict, InvalidInput, NotFound, Unprocessable
from portfolio.models import Account, AccountKind
from portfolio.selectors import sleeves_get
from portfolio.services import account_lock
from risk.facts import Origin, StopLevel
from risk.services import exposure_lock
from risk.wording import plain
from trading.brackets import BracketPrices, bracket_fault
from trading.intents import DecisionOutcome, Intent, decide
from trading.lifecycle import IN_BOOK, OPEN_STATES, OrderState
from trading.models import Decision, Deployment, IdempotencyKey, Order
from trading.picture import AccountPicture
from trading.selectors.pictures import Reading, account_read, feed_of, picture_get, recent_get
from trading.services.cancel import NOT_SENT, order_cancel_locked
from trading.services.changes import Changes, changes_publish
from trading.services.dispatcher import dispatch_wake
from trading.services.orders import Circumstances, intent_record
from trading.terms import OnLimit, OrderRole, OrderType, TimeInForce


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person or a program asks for; quantity is signed."""

    symbol: str
    quantity: Decimal
    order_type: OrderType = OrderType.MARKET
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    deployment_id: int | None = None
    reduce_only: bool = False
    on_limit: OnLimit = OnLimit.DENY
    stop_loss_price: Decimal | None = None
    take_profit_price: Decimal | None = None
    client_order_id: str = ""

    def digest(self) -> str:
        """The digest of the body: the same key with another body is refused."""
        values = {name: getattr(self, name) for name in self.__slots__ if name != "client_order_id"}
        body = {name: decimal_text(it) if isinstance(it, Decimal) else str(it) for name, it in values.items()}
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of a wish; ``created`` is false when the key had been used for the same wish before."""

    decision: Decision
    order: Order | None
    created: bool


def wish_check(wish: Wish) -> None:
    """Refuse at the edge what cannot be meant, with what is allowed."""
    if not wish.quantity.is_finite() or wish.quantity == 0:
        raise InvalidInput("BAD_QUANTITY", "quantity must be a number above 0.", field="quantity")
    needs_limit = wish.order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT)
    needs_stop = wish.order_type in (OrderType.STOP, OrderType.STOP_LIMIT)
    for name, needed in (("limit_price", needs_limit), ("stop_price", needs_stop)):
        value = getattr(wish, name)
        if needed and value is None:
            raise InvalidInput("PRICE_MISSING", f"A {wish.order_type} order needs {name}.", field=name)
        if not needed and value is not None:
            raise InvalidInput("PRICE_UNEXPECTED", f"A {wish.order_type} order takes no {name}.", field=name)
    for name in ("limit_price", "stop_price", "stop_loss_price", "take_profit_price"):
        value = getattr(wish, name)
        if value is not None and not (value.is_finite() and value > 0):
            raise InvalidInput("BAD_PRICE", f"{name} must be a number above 0.", field=name)
    if len(wish.client_order_id) > 48:
        raise InvalidInput("BAD_CLIENT_ORDER_ID", "client_order_id has at most 48 characters.", field="client_order_id")


def order_submit(*, account_id: int, wish: Wish, actor: Any, wall_time: datetime) -> Submission:
    """Judge a wish and, when it passes, make the order. Locks the account; a key used before answers as before."""
    wish_check(wish)
    with transaction.atomic():
        account = _account_open(account_lock(account_id))
        known = _idempotent(account, wish)
        if known is not None:
            return known
        instrument = _instrument(wish.symbol)
        exposure_lock(account=account, instruments=[instrument])
        reading, intent, around = _prepare(account, instrument, wish, actor, wall_time)
        picture = reading.picture
        outcome = decide(picture, intent, wish.on_limit)
        changes = Changes()
        decision, order = intent_record(picture=picture, intent=intent, outcome=outcome, around=around, changes=changes)
        if wish.client_order_id:
            IdempotencyKey.objects.create(
                account=account, key=wish.client_order_id, body_hash=wish.digest(), order=order, decision=decision
            )
        changes_publish(
            account=account, changes=changes, kind="order.submitted", market_time=around.market_time,
            reading=None if outcome.cancels_first else reading,
        )  # fmt: skip
        transaction.on_commit(dispatch_wake)
    return Submission(decision, order, created=True)


def order_preview(*, account: Account, wish: Wish, wall_time: datetime) -> DecisionOutcome:
    """Judge a wish without creating anything."""
    wish_check(wish)
    reading, intent, _ = _prepare(_account_open(account), _instrument(wish.symbol), wish, None, wall_time)
    return decide(reading.picture, intent, wish.on_limit)


def _account_open(account: Account) -> Account:
    """The account, unless nothing matches on it any more and an order would wait there for ever."""
    if account.archived_at is not None:
        raise Conflict("ACCOUNT_ARCHIVED", "This account is archived; nothing is traded on it.")
    if feed_of(account).state == Feed.State.FINISHED:
        raise Conflict("FEED_FINISHED", "This account's replay has ended; open an account on the current replay.")
    return account


def _idempotent(account: Account, wish: Wish) -> Submission | None:
    """The answer this key was given before; 422 when it came with another body."""
    if not wish.client_order_id:
        return None
    key = (
        IdempotencyKey.objects.select_related("order", "decision")
        .filter(account=account, key=wish.client_order_id)
        .first()
    )
    if key is None:
        return None
    if key.body_hash != wish.digest():
        raise Unprocessable(
            "KEY_REUSED",
            f"client_order_id {wish.client_order_id!r} was used for another order; choose a new one.",
            order=None if key.order_id is None else str(key.order_id),
        )
    assert key.decision is not None
    return Submission(key.decision, key.order, created=False)


def _prepare(
    account: Account, instrument: Instrument, wish: Wish, actor: Any, wall_time: datetime
) -> tuple[Reading, Intent, Circumstances]:
    feed = feed_of(account)
    deployment = _deployment(account, wish.deployment_id)
    sleeve = deployment.key if deployment else ""
    twin = {
        "deployment": deployment,
        "instrument": instrument,
        "order_type": wish.order_type,
        "quantity": wish.quantity,
        "limit_price": wish.limit_price,
        "stop_price": wish.stop_price,
    }
    reading = account_read(
        account,
        instruments=[instrument],
        sleeves=[sleeve] if sleeve else [],
        recent=recent_get(account, wall_time=wall_time, twin=twin),
        wall_time=wall_time,
        feed=feed,
    )
    _bracket_check(wish, reading.picture)
    held = reading.picture.sleeve_quantity(wish.symbol, sleeve)
    exits = held * wish.quantity < 0
    # what passes a stop passes as a reduction; marked as one, it can become nothing else on its way
    halted = reading.picture.stop_state(sleeve)[0] is not StopLevel.ACTIVE
    cuts = wish.on_limit is OnLimit.CUT or account.kind == AccountKind.CASH
    reduces = exits and halted and (cuts or abs(wish.quantity) <= abs(held))
    intent = Intent(
        symbol=wish.symbol,
        sleeve=sleeve,
        quantity=wish.quantity,
        role=OrderRole.MANUAL,
        order_type=wish.order_type,
        limit_price=wish.limit_price,
        stop_price=wish.stop_price,
        time_in_force=wish.time_in_force,
        origin=Origin.PERSON,
        reduce_only=wish.reduce_only or reduces,
        exits=exits,
        closes_sleeve=exits and wish.order_type is OrderType.MARKET and abs(wish.quantity) >= abs(held),
    )
    around = Circumstances(
        account=account,
        instrument=instrument,
        market_time=feed.market_time,
        event_number=feed.event_number,
        deployment=deployment,
        actor=actor,
        stop_epoch=reading.epochs[sleeve],
        client_order_id=wish.client_order_id,
        stop_loss_price=wish.stop_loss_price,
        take_profit_price=wish.take_profit_price,
    )
    return reading, intent, around


def _bracket_check(wish: Wish, picture: AccountPicture) -> None:
    """Refuse a stop or target that its own entry would trigger; measured from the price the entry asks for."""
    entry = wish.limit_price or wish.stop_price or picture.reference(wish.symbol)
    if entry is None:
        return
    sign = 1 if wish.quantity > 0 else -1
    wrong = bracket_fault(entry, sign, BracketPrices(wish.stop_loss_price, wish.take_profit_price))
    if wrong:
        side = "below" if (wrong == "stop_loss_price") == (sign > 0) else "above"
        words = f"{wrong} must lie {side} the entry at {plain(entry)}, not at {plain(getattr(wish, wrong))}."
        raise Unprocessable("BRACKET_THROUGH", words, field=wrong)


def _instrument(symbol: str) -> Instrument:
    try:
        return instrument_get(symbol)
    except NotFound as error:
        raise InvalidInput("UNKNOWN_SYMBOL", f"There is no instrument {symbol[:40]!r} here.", field="symbol") from error


def _deployment(account: Account, deployment_id: int | None) -> Deployment | None:
    if deployment_id is None:
        return None
    found = Deployment.objects.filter(pk=deployment_id, account=account).first()
    if found is None:
        raise InvalidInput("UNKNOWN_DEPLOYMENT", "This account has no such deployment.", field="deployment")
    return found


def feed_time(account: Account) -> datetime:
    """Return the clock of the account's feed."""
    return feed_of(account).market_time


def feed_event(account: Account) -> int:
    """Return the number of the feed's last event."""
    return feed_of(account).event_number


def position_close(*, account_id: int, symbol: str, actor: Any, wall_time: datetime) -> list[Order]:
    """Close every sleeve of a symbol at market, one order each, its protective orders cancelled first."""
    with transaction.atomic():
        account = _account_open(account_lock(account_id))
        instrument = _instrument(symbol)
        sleeves = [row for row in sleeves_get(account) if row.instrument_id == instrument.pk]
        if not sleeves:
            raise NotFound("NO_POSITION", f"This account holds no {symbol}.", symbol=symbol)
        picture = picture_get(account, instruments=[instrument], wall_time=wall_time)
        changes, orders = Changes(), []
        for sleeve in sleeves:
            _exits_cancel(account, sleeve, picture, changes)
            intent = Intent(
                symbol=symbol,
                sleeve=sleeve.deployment_key,
                quantity=-sleeve.quantity,
                role=OrderRole.EXIT,
                time_in_force=TimeInForce.GTC,
                origin=Origin.PERSON,
                reduce_only=True,
                exits=True,
                closes_sleeve=True,
            )
            around = Circumstances(
                account=account,
                instrument=instrument,
                market_time=feed_time(account),
                event_number=feed_event(account),
                deployment=_deployment(account, int(sleeve.deployment_key) if sleeve.deployment_key else None),
                actor=actor,
            )
            outcome = decide(picture, intent, OnLimit.DENY)
            _, order = intent_record(picture=picture, intent=intent, outcome=outcome, around=around, changes=changes)
            if order is not None:
                orders.append(order)
        changes_publish(account=account, changes=changes, kind="position.close", market_time=feed_time(account))
        transaction.on_commit(dispatch_wake)
    return orders


def _exits_cancel(account: Account, sleeve: Any, picture: AccountPicture, changes: Changes) -> None:
    """A close takes the place of the sleeve's other working orders that are not protective."""
    others = Order.objects.select_related("instrument", "deployment").filter(
        account=account, instrument=sleeve.instrument, protective=False, state__in=OPEN_STATES
    )
    for order in others:
        if order.sleeve == sleeve.deployment_key and OrderState(order.state) in NOT_SENT | IN_BOOK:
            order_cancel_locked(
                account=account, order=order, by="human", reason="The position is being closed.", changes=changes
            )
            picture.orders_drop([order.id])


def order_replace(
    *,
    order_id: Any,
    quantity: Decimal | None = None,
    limit_price: Decimal | None = None,
    stop_price: Decimal | None = None,
    actor: Any,
    wall_time: datetime,
) -> Submission:
    """Replace a working order: a new linked one, sent when the cancel of the old one is confirmed."""
    account_id = Order.objects.values_list("account_id", flat=True).get(pk=order_id)
    with transaction.atomic():
        account = _account_open(account_lock(account_id))
        old = Order.objects.select_related("instrument", "deployment", "decision", "parent").get(pk=order_id)
        if OrderState(old.state) not in IN_BOOK | NOT_SENT:
            raise Conflict("ORDER_ENDED", f"This order is {old.state}; only a working order can be replaced.")
        wish = Wish(
            symbol=old.instrument.symbol,
            quantity=quantity if quantity is not None else old.remaining,
            order_type=OrderType(old.order_type),
            limit_price=limit_price if limit_price is not None else old.limit_price,
            stop_price=stop_price if stop_price is not None else old.stop_price,
            time_in_force=TimeInForce(old.time_in_force),
            deployment_id=old.deployment_id,
            reduce_only=old.reduce_only,
        )
        wish_check(wish)
        if wish.quantity * old.quantity < 0:
            raise InvalidInput(
                "SIDE_CHANGED", "A replacement keeps the side of the order it replaces.", field="quantity"
            )
        return _replace(account, old, wish, actor, wall_time)


def _replace(account: Account, old: Order, wish: Wish, actor: Any, wall_time: datetime) -> Submission:
    exposure_lock(account=account, instruments=[old.instrument])
    reading, intent, around = _prepare(account, old.instrument, wish, actor, wall_time)
    picture = reading.picture
    picture.recent = replace(picture.recent, duplicate=False)
    picture.orders_drop([old.id])
    intent = replace(
        intent, role=OrderRole(old.role), protective=old.protective, reduce_only=old.reduce_only, closes_sleeve=False,
        origin=Origin.PROTECTIVE if old.protective else Origin.PERSON, exits=False,
    )  # fmt: skip
    outcome = decide(picture, intent, OnLimit.DENY)
    changes = Changes()
    waiting = OrderState(old.state) == OrderState.HELD and old.parent_id is not None
    around = replace(around, parent=old.parent, replaces=old)
    decision, order = intent_record(picture=picture, intent=intent, outcome=outcome, around=around, changes=changes)
    if outcome.order_result is not None and order is not None:
        order_cancel_locked(account=account, order=old, by="human", reason="Replaced.", changes=changes)
        if waiting:
            Order.objects.filter(pk=order.pk).update(replaces=None)
            order.replaces = None
    changes_publish(account=account, changes=changes, kind="order.replaced", market_time=around.market_time)
    transaction.on_commit(dispatch_wake)
    return Submission(decision, order, created=True)


def stop_loss_set(*, account_id: int, symbol: str, stop_price: Decimal, actor: Any, wall_time: datetime) -> list[Order]:
    """Replace the stop of every sleeve of a symbol, sized to the sleeve; a price already through is refused."""
    with transaction.atomic():
        account = _account_open(account_lock(account_id))
        instrument = _instrument(symbol)
        sleeves = [row for row in sleeves_get(account) if row.instrument_id == instrument.pk]
        if not sleeves:
            raise NotFound(
                "NO_POSITION", f"This account holds no {symbol}; there is nothing to protect.", symbol=symbol
            )
        picture = picture_get(account, instruments=[instrument], wall_time=wall_time)
        _stop_check(picture, symbol, sleeves, stop_price)
        changes, orders = Changes(), []
        for sleeve in sleeves:
            order = _stop_replace(account, instrument, sleeve, stop_price, picture, actor, changes)
            if order is not None:
                orders.append(order)
        changes_publish(account=account, changes=changes, kind="stop_loss.set", market_time=feed_time(account))
        transaction.on_commit(dispatch_wake)
    return orders


def _stop_check(picture: AccountPicture, symbol: str, sleeves: list[Any], stop_price: Decimal) -> None:
    if not (stop_price.is_finite() and stop_price > 0):
        raise InvalidInput("BAD_PRICE", "stop_price must be a number above 0.", field="stop_price")
    reference = picture.reference(symbol)
    if reference is None:
        raise Unprocessable("NO_PRICE", f"There is no price of {symbol} to measure the stop against.", symbol=symbol)
    for sleeve in sleeves:
        through = stop_price >= reference if sleeve.quantity > 0 else stop_price <= reference
        if through:
            side = "below" if sleeve.quantity > 0 else "above"
            raise Unprocessable(
                "STOP_THROUGH",
                f"{symbol} is at {plain(reference)}; a stop for this position must lie {side} it, "
                f"not at {plain(stop_price)}.",
                reference=plain(reference),
            )


def _stop_replace(
    account: Account,
    instrument: Instrument,
    sleeve: Any,
    stop_price: Decimal,
    picture: AccountPicture,
    actor: Any,
    changes: Changes,
) -> Order | None:
    deployment = _deployment(account, int(sleeve.deployment_key) if sleeve.deployment_key else None)
    protective = [
        order
        for order in Order.objects.select_related("instrument", "deployment", "parent").filter(
            account=account,
            instrument=instrument,
            deployment=deployment,
            protective=True,
            state__in=IN_BOOK | NOT_SENT,
        )
        if not (order.state == OrderState.HELD and order.parent is not None and not order.parent.filled_quantity)
    ]
    olds = [order for order in protective if order.role == OrderRole.STOP]
    parents = {order.parent_id: order.parent for order in protective}
    # a stop and the targets beside it take the same shares off the sleeve: they count once
    picture.orders_drop([order.id for order in protective])
    intent = Intent(
        symbol=instrument.symbol,
        sleeve=sleeve.deployment_key,
        quantity=-sleeve.quantity,
        role=OrderRole.STOP,
        order_type=OrderType.STOP,
        stop_price=stop_price,
        time_in_force=TimeInForce.GTC,
        origin=Origin.PROTECTIVE,
        protective=True,
        reduce_only=True,
    )
    around = Circumstances(
        account=account,
        instrument=instrument,
        market_time=feed_time(account),
        event_number=feed_event(account),
        deployment=deployment,
        actor=actor,
        parent=next(iter(parents.values())) if len(parents) == 1 else None,
        replaces=olds[0] if olds else None,
    )
    outcome = decide(picture, intent, OnLimit.DENY)
    _, order = intent_record(picture=picture, intent=intent, outcome=outcome, around=around, changes=changes)
    if outcome.order_result is None:
        raise Unprocessable("STOP_REFUSED", outcome.text)
    for old in olds:
        order_cancel_locked(account=account, order=old, by="human", reason="Replaced by a new stop.", changes=changes)
    return order


__all__ = [
    "Submission",
    "Wish",
    "order_preview",
    "order_replace",
    "order_submit",
    "position_close",
    "stop_loss_set",
    "wish_check",
]
