"""The rows that dashboards show, as plain dictionaries: snapshot and events are made of the same ones. Pure.

Decimals are exact strings, fractions are fractions, instants are ISO 8601 in UTC.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

ZERO = Decimal(0)


def text(value: Decimal | int | None) -> str | None:
    """Return an exact decimal without trailing zeros, or None."""
    if value is None:
        return None
    value = Decimal(value)
    whole = value.to_integral_value()
    return str(whole if whole else ZERO) if value == whole else format(value.normalize(), "f")


def money(value: Decimal | None) -> str | None:
    """Return money to the cent, for people; the ledger keeps eight decimals."""
    return None if value is None else format(value.quantize(Decimal("0.01")), "f")


def instant(value: datetime | None) -> str | None:
    """Return an instant as ISO 8601 with Z."""
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")


def order_row(order: Any, *, symbol: str, deployment_name: str) -> dict[str, Any]:
    """Return one order."""
    average = order.filled_notional / order.filled_quantity if order.filled_quantity else None
    return {
        "key": str(order.id),
        "id": str(order.id),
        "symbol": symbol,
        "side": order.side,
        "quantity": text(abs(order.quantity)),
        "filled": text(order.filled_quantity),
        "order_type": str(order.order_type),
        "limit_price": text(order.limit_price),
        "stop_price": text(order.stop_price),
        "time_in_force": str(order.time_in_force),
        "state": str(order.state),
        "role": str(order.role),
        "deployment": order.deployment_id,
        "deployment_name": deployment_name,
        "average_price": None if average is None else text(average.quantize(Decimal("0.0001"))),
        "reason": order.reason,
        "market_time": instant(order.market_time),
        "decision": order.decision_id,
        "client_order_id": order.client_order_id,
        "sequence": order.sequence,
    }


def fill_row(fill: Any, *, symbol: str, role: str, deployment_name: str) -> dict[str, Any]:
    """Return one fill."""
    return {
        "key": str(fill.id),
        "id": fill.id,
        "order": str(fill.order_id),
        "symbol": symbol,
        "side": "BUY" if fill.quantity > 0 else "SELL",
        "quantity": text(abs(fill.quantity)),
        "price": text(fill.price),
        "fee": text(fill.fee),
        "realised": money(fill.realised),
        "role": role,
        "deployment_name": deployment_name,
        "market_time": instant(fill.executed_at),
    }


def decision_row(decision: Any, *, deployment_name: str, order: str | None) -> dict[str, Any]:
    """Return one decision, without its rules."""
    return {
        "key": str(decision.id),
        "id": decision.id,
        "verdict": str(decision.verdict),
        "symbol": decision.symbol,
        "side": "BUY" if decision.wanted > 0 else "SELL",
        "wanted": text(abs(decision.wanted)),
        "passed": text(decision.passed),
        "largest": text(decision.largest),
        "rule": decision.binding_rule,
        "text": decision.text,
        "role": str(decision.role),
        "deployment": decision.deployment_id,
        "deployment_name": deployment_name,
        "order": order,
        "market_time": instant(decision.market_time),
    }


def deployment_row(deployment: Any) -> dict[str, Any]:
    """Return one deployment."""
    return {
        "key": str(deployment.id),
        "id": deployment.id,
        "name": deployment.name,
        "strategy": deployment.strategy,
        "parameters": deployment.parameters,
        "symbols": deployment.symbols,
        "state": str(deployment.state),
        "message": deployment.message,
        "priority": deployment.priority,
        "direction": deployment.direction,
        "position_size": text(deployment.position_size),
        "stop_loss": text(deployment.stop_loss),
        "take_profit": text(deployment.take_profit),
        "on_limit": str(deployment.on_limit),
        "targets": deployment.targets,
    }


def feed_row(feed: Any, *, note: str) -> dict[str, Any]:
    """Return the clock of a feed."""
    number = feed.event_number
    return {
        "id": feed.id,
        "name": feed.name,
        "kind": str(feed.kind),
        "state": str(feed.state),
        "speed": text(Decimal(str(feed.speed))),
        "speed_reached": None if feed.speed_reached is None else text(round(Decimal(str(feed.speed_reached)), 2)),
        "market_time": instant(feed.market_time),
        "phase": ("OPEN" if number % 2 else "CLOSE") if number else "CLOSE",
        "event_number": number,
        "session_on": feed.market_time.date().isoformat() if feed.market_time else None,
        "start_on": feed.start_on.isoformat() if feed.start_on else None,
        "note": note,
    }


def notification_row(notification: Any) -> dict[str, Any]:
    """Return one notification."""
    return {
        "key": str(notification.id),
        "level": str(notification.level),
        "title": notification.title,
        "body": notification.body,
        "link": notification.link,
        "at": instant(notification.created_at),
    }
