"""The only place that creates decisions and orders: what an intent became, written down under the account's lock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Max

from marketdata.models import Instrument
from operations.services import audit_append
from portfolio.models import Account
from portfolio.services import reserve_hold
from risk.facts import Origin
from risk.selectors import stop_state
from risk.services import exposure_adjust
from trading.brackets import bracket_prices
from trading.intents import DecisionOutcome, Intent
from trading.lifecycle import IN_BOOK, OrderState
from trading.models import Decision, Deployment, Evaluation, Order, OrderEvent
from trading.picture import AccountPicture
from trading.selectors.pictures import working_order
from trading.services.cancel import NOT_SENT, order_cancel_locked
from trading.services.changes import Changes
from trading.terms import OrderRole, OrderType, TimeInForce, Verdict

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Around an intent: when, for which deployment and evaluation, by whom, with which children."""

    account: Account
    instrument: Instrument | None
    market_time: datetime
    event_number: int
    deployment: Deployment | None = None
    evaluation: Evaluation | None = None
    actor: Any = None
    client_order_id: str = ""
    stop_loss: Decimal | None = None  # fraction of the reference
    take_profit: Decimal | None = None
    stop_loss_price: Decimal | None = None  # absolute, of people's orders
    take_profit_price: Decimal | None = None
    parent: Order | None = None
    replaces: Order | None = None
    stop_epoch: int | None = None  # the one the intent was judged under; None is read when the order is made


def intent_record(
    *, picture: AccountPicture, intent: Intent, outcome: DecisionOutcome, around: Circumstances, changes: Changes
) -> tuple[Decision, Order | None]:
    """Store the decision; when something may be sent, the order with its children and reserve. The picture follows."""
    decision = _decision(picture, intent, outcome, around)
    changes.decisions.append(decision)
    if outcome.order_result is None or around.instrument is None:
        return decision, _denied(decision, intent, around, changes)
    waits = _cancels(picture, outcome.cancels_first, around, changes)
    order = _order(decision, intent, outcome, around, waits or around.replaces is not None)
    picture.order_add(working_order(order))
    changes.orders[order.id] = order
    if outcome.order_result.opening > 0:
        for child in _children(order, decision, around):
            picture.order_add(working_order(child))
            changes.orders[child.id] = child
    changes.sections |= {"overview", "risk", "positions"}
    _audit(around, decision, order)
    return decision, order


def _decision(picture: AccountPicture, intent: Intent, outcome: DecisionOutcome, around: Circumstances) -> Decision:
    reference = picture.reference(intent.symbol)
    return Decision.objects.create(
        account=around.account,
        deployment=around.deployment,
        evaluation=around.evaluation,
        instrument=around.instrument,
        symbol=intent.symbol,
        role=intent.role,
        origin=intent.origin.value,
        order_type=intent.order_type,
        wanted=outcome.wanted,
        passed=abs(outcome.quantity),
        largest=outcome.gate_result.largest_quantity,
        reference_price=reference,
        verdict=outcome.verdict,
        binding_rule=outcome.rule,
        text=outcome.text[:500],
        rules=[rule.as_dict() for rule in outcome.gate_result.rules],
        event_number=around.event_number,
        market_time=around.market_time,
        actor=around.actor,
    )


def _denied(decision: Decision, intent: Intent, around: Circumstances, changes: Changes) -> Order | None:
    """People's and programs' refused orders are kept as rows too; a strategy's refusal is its decision."""
    if intent.origin is not Origin.PERSON or around.instrument is None or not decision.wanted:
        return None
    order = _order_row(decision, intent, around, quantity=decision.wanted, state=OrderState.DENIED)
    order.reason = decision.text[:300]
    order.ended_by = "policy"
    order.save()
    _first_move(order, around)
    changes.orders[order.id] = order
    _audit(around, decision, order)
    return order


def _cancels(picture: AccountPicture, keys: Iterable[Hashable], around: Circumstances, changes: Changes) -> bool:
    """Cancel the sleeve's protective orders before an exit; true when the exit must wait for the venue."""
    waits = False
    for child in Order.objects.select_related("instrument", "deployment").filter(pk__in=list(keys)):
        state = OrderState(child.state)
        if state in NOT_SENT or state in IN_BOOK:
            order_cancel_locked(
                account=around.account,
                order=child,
                by="policy",
                reason="The position is being closed.",
                changes=changes,
            )
        waits |= OrderState(child.state) not in (OrderState.VOIDED, OrderState.CANCELLED)
    picture.orders_drop(list(keys))
    return waits


def _order(decision: Decision, intent: Intent, outcome: DecisionOutcome, around: Circumstances, waits: bool) -> Order:
    assert outcome.order_result is not None
    result = outcome.order_result
    state = OrderState.HELD if waits else OrderState.APPROVED
    order = _order_row(decision, intent, around, quantity=outcome.quantity, state=state)
    order.opening, order.reserved = result.opening, result.reserve
    order.save()
    _first_move(order, around)
    if order.opening:
        exposure_adjust(account=around.account, instrument=order.instrument, reserved=order.opening)
    if order.reserved:
        reserve_hold(account=around.account, source=str(order.id), amount=order.reserved)
    return order


def _order_row(
    decision: Decision, intent: Intent, around: Circumstances, *, quantity: Decimal, state: OrderState
) -> Order:
    order = Order(
        account=around.account,
        deployment=around.deployment,
        decision=decision,
        parent=around.parent,
        replaces=around.replaces,
        instrument=around.instrument,
        client_order_id=around.client_order_id or None,
        sequence=_next_sequence(around.account),
        role=intent.role,
        origin=intent.origin.value,
        order_type=intent.order_type,
        time_in_force=intent.time_in_force,
        quantity=quantity,
        limit_price=intent.limit_price,
        stop_price=intent.stop_price,
        reference_price=decision.reference_price,
        protective=intent.protective,
        reduce_only=intent.reduce_only,
        state=state,
        stop_epoch=_stop_epoch(around),
        created_event=around.event_number,
        market_time=around.market_time,
        actor=around.actor,
    )
    order.payload_hash = payload_hash(order)
    return order


def _stop_epoch(around: Circumstances) -> int:
    if around.stop_epoch is not None:
        return around.stop_epoch
    key = str(around.deployment.pk) if around.deployment else ""
    return stop_state(account=around.account, deployment_key=key).epoch


def _children(order: Order, decision: Decision, around: Circumstances) -> list[Order]:
    """The stop and the target of an opening, waiting for its first fill; prices come from the reference and stay."""
    sign = 1 if order.quantity > 0 else -1
    prices = bracket_prices(order.reference_price, sign, around.stop_loss, around.take_profit, order.instrument.tick)
    stop = around.stop_loss_price if around.stop_loss_price is not None else prices.stop
    target = around.take_profit_price if around.take_profit_price is not None else prices.target
    children = []
    for role, order_type, price in (
        (OrderRole.STOP, OrderType.STOP, stop),
        (OrderRole.TARGET, OrderType.LIMIT, target),
    ):
        if price is None:
            continue
        intent = Intent(
            symbol=order.instrument.symbol,
            sleeve=order.sleeve,
            quantity=-order.quantity,
            role=role,
            order_type=order_type,
            limit_price=price if order_type is OrderType.LIMIT else None,
            stop_price=price if order_type is OrderType.STOP else None,
            time_in_force=TimeInForce.GTC,
            origin=Origin.PROTECTIVE,
            protective=True,
            reduce_only=True,
        )
        own = replace(around, parent=order, client_order_id="", replaces=None)
        child = _order_row(decision, intent, own, quantity=-order.quantity, state=OrderState.HELD)
        child.save()
        _first_move(child, around)
        children.append(child)
    return children


def _first_move(order: Order, around: Circumstances) -> None:
    OrderEvent.objects.create(
        order=order, from_state=OrderState.NEW, to_state=order.state, by="policy", market_time=around.market_time,
        reason=order.reason,
    )  # fmt: skip


def _next_sequence(account: Account) -> int:
    last = Order.objects.filter(account=account).aggregate(last=Max("sequence"))["last"]
    return (last or 0) + 1


def payload_hash(order: Order) -> str:
    """Return the digest of what would go over the wire."""
    body = {
        "id": str(order.id),
        "account": order.account_id,
        "instrument": order.instrument_id,
        "quantity": str(order.quantity),
        "type": str(order.order_type),
        "limit": str(order.limit_price),
        "stop": str(order.stop_price),
        "tif": str(order.time_in_force),
    }
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _audit(around: Circumstances, decision: Decision, order: Order) -> None:
    audit_append(
        stream=around.account.stream,
        action=f"order.{str(order.state).lower()}",
        actor=around.actor,
        target=f"order:{order.id}",
        after={
            "symbol": decision.symbol,
            "quantity": str(order.quantity),
            "type": str(order.order_type),
            "limit_price": None if order.limit_price is None else str(order.limit_price),
            "stop_price": None if order.stop_price is None else str(order.stop_price),
            "verdict": str(decision.verdict),
            "rule": decision.binding_rule,
        },
        market_time=around.market_time,
    )


__all__ = ["Circumstances", "Verdict", "intent_record", "payload_hash"]
