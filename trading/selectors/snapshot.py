"""What dashboards show of an account: the snapshot, and the changed sections of it that events carry.

Both are made of the same functions, so that a snapshot and the events after it equal a fresh snapshot.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from marketdata.models import Feed
from marketdata.selectors import feed_moment
from operations.selectors import event_last_number, notifications_for
from portfolio.models import Account
from portfolio.selectors import (
    Balances,
    PositionView,
    balances_of,
    equity_series,
    performance_get,
    positions_of,
    valuation_last,
)
from risk.measures import measures
from trading import events
from trading.lifecycle import OrderState
from trading.models import Decision, Deployment, Fill, Order
from trading.selectors.pictures import Reading, account_read
from trading.terms import OrderRole

if TYPE_CHECKING:
    from trading.services.changes import Changes

LIST_LENGTH = 50
NOTIFICATIONS = 20
EQUITY_POINTS = 2000
ZERO = Decimal(0)


class View:
    """One account read once, and the sections of its page; ``reading`` is one that is up to date already."""

    def __init__(self, account: Account, feed: Feed | None = None, reading: Reading | None = None) -> None:
        self.account = account
        self.reading = reading or account_read(account, feed=feed)
        self.feed, self.picture = self.reading.feed, self.reading.picture
        marks = {key: quote.price for key, quote in self.reading.quotes.items()}
        self.positions: list[PositionView] = positions_of(self.reading.held, marks)
        self.balances: Balances = balances_of(account, self.positions)

    @cached_property
    def names(self) -> dict[int, str]:
        """The names of the account's deployments."""
        return dict(Deployment.objects.filter(account=self.account).values_list("pk", "name"))

    def overview(self) -> dict[str, Any]:
        """The tiles."""
        money, picture = self.balances, self.picture
        start = picture.day_start_equity
        leverage = Decimal(1) if self.account.kind == "cash" else Decimal(picture.limits.max_leverage or 0)
        power = money.equity * leverage - picture.gross_notional() - money.reserved
        return {
            "total_value": events.money(money.equity),
            "cash": events.money(money.cash),
            "positions_value": events.money(money.positions_value),
            "unrealised_pnl": events.money(money.unrealised),
            "realised_pnl": events.money(money.realised),
            "fees": events.money(money.fees),
            "net_deposits": events.money(money.net_deposits),
            "reserved": events.money(money.reserved),
            "buying_power": events.money(max(power, ZERO)),
            "day_pnl": events.money(ZERO if start is None else money.equity - picture.day_flows - start),
            "total_return": _fraction(money.equity / money.net_deposits - 1 if money.net_deposits > 0 else None),
            "num_positions": len(self.positions),
            "as_of": events.instant(self.feed.market_time if self.feed else self.account.created_at),
        }

    def position_rows(self) -> list[dict[str, Any]]:
        """The positions with their sleeves and what protects them."""
        protection = self._protection()
        return [self._position_row(position, protection) for position in self.positions]

    def _position_row(self, position: PositionView, protection: dict[str, dict[str, Any]]) -> dict[str, Any]:
        equity = self.balances.equity
        return {
            "key": position.symbol,
            "symbol": position.symbol,
            "quantity": events.text(position.quantity),
            "average_price": _price(position.average_price),
            "price": _price(position.price),
            "value": events.money(position.value),
            "pnl": events.money(position.pnl),
            "pnl_pct": _fraction(position.pnl_pct),
            "weight": _fraction(position.value / equity if position.value is not None and equity > 0 else None),
            "sleeves": [
                {
                    "deployment": int(view.deployment_key) if view.deployment_key else None,
                    "name": self.name(view.deployment_key),
                    "quantity": events.text(view.quantity),
                    "average_price": _price(view.average_price),
                    "pnl": events.money(view.pnl),
                }
                for view in position.sleeves
            ],
            "protection": protection.get(position.symbol, {"stop": None, "target": None}),
        }

    def _protection(self) -> dict[str, dict[str, Any]]:
        """The nearest working stop and target of each symbol."""
        found: dict[str, dict[str, Any]] = {}
        for order in self.reading.orders:
            if not order.protective or order.state == OrderState.HELD:
                continue
            row = found.setdefault(order.instrument.symbol, {"stop": None, "target": None})
            if order.role == OrderRole.STOP:
                row["stop"] = _price(order.stop_price)
            else:
                row["target"] = _price(order.limit_price)
        return found

    def name(self, deployment_key: str) -> str:
        """The name of a sleeve."""
        return self.names.get(int(deployment_key), "") if deployment_key else "Manual"

    def risk(self) -> dict[str, Any]:
        """The stop state with reasons and every measure against its limit."""
        picture, risk = self.picture, self.reading.risk
        largest, symbol = ZERO, ""
        for name in sorted(picture.symbols_open()):
            notional = picture.held_quantity(name) * picture.unit_value(name) + picture.opening_notional(name)
            if notional > largest:
                largest, symbol = notional, name
        rows = measures(picture.account_facts("", ()), picture.limits, largest_notional=largest, largest_symbol=symbol)
        return {
            "state": str(picture.stop_level),
            "reasons": list(picture.stop_reasons),
            "profile": "" if risk is None else risk.profile.code,
            "measures": [row.as_dict() for row in rows],
        }

    def feed_section(self) -> dict[str, Any] | None:
        """The clock."""
        if self.feed is None:
            return None
        row = events.feed_row(self.feed, note=self.feed.note)
        session_on = _session_on(self.feed)
        row["session_on"] = session_on.isoformat() if session_on else row["session_on"]
        return row

    def control(self) -> dict[str, Any]:
        """Whether anything runs."""
        states = list(Deployment.objects.filter(account=self.account).values_list("state", flat=True))
        running = states.count(Deployment.State.RUNNING)
        return {
            "running": bool(running),
            "mode": str(self.account.environment),
            "deployments_running": running,
            "deployments_total": len(states),
        }

    def performance(self) -> dict[str, Any]:
        """The figures over the account's sessions."""
        figures = performance_get(self.account)
        return {
            "total_return": _float(figures.total_return),
            "daily_return": _float(figures.daily_return),
            "sharpe_ratio": _float(figures.sharpe_ratio),
            "max_drawdown": _float(figures.max_drawdown),
            "win_rate": _float(figures.win_rate),
            "round_trips": figures.round_trips,
        }

    def order_row(self, order: Order) -> dict[str, Any]:
        """One order."""
        return events.order_row(order, symbol=order.instrument.symbol, deployment_name=self.name(order.sleeve))

    def fill_row(self, fill: Fill) -> dict[str, Any]:
        """One fill."""
        order = fill.order
        return events.fill_row(
            fill, symbol=fill.instrument.symbol, role=str(order.role), deployment_name=self.name(order.sleeve)
        )

    def decision_row(self, decision: Decision, order: str | None) -> dict[str, Any]:
        """One decision."""
        name = self.names.get(decision.deployment_id, "") if decision.deployment_id else "Manual"
        return events.decision_row(decision, deployment_name=name, order=order)

    def equity_last(self) -> list[list[Any]]:
        """The newest point of the equity curve."""
        last = valuation_last(self.account)
        return [] if last is None else [[events.instant(last.market_time), events.money(last.equity)]]


def snapshot_get(account: Account, *, user: Any, role: str | None) -> dict[str, Any]:
    """Return the account's whole state with the number of the last event it holds.

    The number is read first: an event that lands while the sections are read is sent again, and changes nothing.
    """
    number = event_last_number(account.stream)
    view = View(account)
    return {"type": "snapshot", "number": number, "state": _state(view, user=user, role=role)}


def _state(view: View, *, user: Any, role: str | None) -> dict[str, Any]:
    account = view.account
    orders = Order.objects.filter(account=account).select_related("instrument").order_by("-sequence")[:LIST_LENGTH]
    fills = Fill.objects.filter(account=account).select_related("instrument", "order").order_by("-id")[:LIST_LENGTH]
    decisions = list(Decision.objects.filter(account=account).order_by("-id")[:LIST_LENGTH])
    return {
        "account": {
            "id": account.pk,
            "name": account.name,
            "environment": str(account.environment),
            "currency": account.currency,
            "kind": str(account.kind),
            "role": role,
        },
        "overview": view.overview(),
        "performance": view.performance(),
        "feed": view.feed_section(),
        "control": view.control(),
        "risk": view.risk(),
        "deployments": [events.deployment_row(row) for row in Deployment.objects.filter(account=account)],
        "positions": view.position_rows(),
        "orders": [view.order_row(order) for order in orders],
        "fills": [view.fill_row(fill) for fill in fills],
        "decisions": [view.decision_row(row, order) for row, order in _with_orders(decisions)],
        "notifications": [
            events.notification_row(row) for row in notifications_for(user, stream=account.stream)[:NOTIFICATIONS]
        ],
        "equity": [[events.instant(at), events.money(value)] for at, value in equity_series(account, EQUITY_POINTS)],
    }


def _with_orders(decisions: list[Decision]) -> list[tuple[Decision, str | None]]:
    rows = Order.objects.filter(decision__in=decisions, protective=False).values_list("decision_id", "pk")
    made = {decision_id: str(order_id) for decision_id, order_id in rows}
    return [(decision, made.get(decision.pk)) for decision in decisions]


def changed_sections(
    *, account: Account, changes: Changes, feed: Feed | None = None, reading: Reading | None = None
) -> dict[str, Any]:
    """Return the ``put`` and ``drop`` of an event for what a transaction changed."""
    view = View(account, feed, reading)
    put: dict[str, Any] = {}
    drop: dict[str, list[str]] = {}
    sections = set(changes.sections)
    if changes.orders:
        newest_first = sorted(changes.orders.values(), key=lambda order: -order.sequence)
        put["orders"] = [view.order_row(order) for order in newest_first]
        sections |= {"overview", "positions", "risk"}
    if changes.fills:
        put["fills"] = [view.fill_row(fill) for fill in sorted(changes.fills, key=lambda fill: -fill.pk)]
    if changes.decisions:
        made = {order.decision_id: str(order.pk) for order in changes.orders.values() if not order.protective}
        ordered = sorted(changes.decisions, key=lambda row: -row.pk)
        put["decisions"] = [view.decision_row(row, made.get(row.pk)) for row in ordered]
    if changes.deployments:
        rows_deployed = Deployment.objects.filter(pk__in=list(changes.deployments))
        put["deployments"] = [events.deployment_row(row) for row in rows_deployed]
        sections |= {"control"}
    if "positions" in sections:
        put["positions"] = view.position_rows()
        shown = {row["key"] for row in put["positions"]}
        touched = {fill.instrument.symbol for fill in changes.fills}
        if touched - shown:
            drop["positions"] = sorted(touched - shown)
    for name, read in (
        ("overview", view.overview),
        ("risk", view.risk),
        ("feed", view.feed_section),
        ("control", view.control),
        ("performance", view.performance),
        ("equity", view.equity_last),
    ):
        if name in sections:
            put[name] = read()
    return {"put": put, "drop": drop}


def _session_on(feed: Feed | None) -> Any:
    return feed_moment(feed).session_on if feed is not None and feed.kind == Feed.Kind.REPLAY else None


def _fraction(value: Decimal | None) -> str | None:
    return None if value is None else format(value.quantize(Decimal("0.000001")), "f")


def _price(value: Decimal | None) -> str | None:
    return None if value is None else events.text(value.quantize(Decimal("0.0001")))


def _float(value: float | None) -> str | None:
    return None if value is None else format(round(value, 6), "f")
