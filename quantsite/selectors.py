"""Questions that join rooms: the seeds' status, account and configuration, risk metrics, whose feed rules a request."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from rest_framework.request import Request

from marketdata.models import Feed
from operations.errors import NotFound
from operations.events import stream_message
from operations.models import Event
from operations.probes import Status
from operations.selectors import EVENTS_MAX, event_last_number, events_since, probe_results
from portfolio.models import Account, Role
from portfolio.selectors import account_default_for, account_get_for
from quantsite.consumers import event_message
from risk.selectors import effective_limits, risk_get
from trading.api.asking import account_named
from trading.models import Deployment
from trading.selectors.snapshot import View
from trading.serializers import number

HUNDRED = Decimal(100)
FEED_ROLES = frozenset({"operator", "administrator"})
# of a deployment, as the configuration's section `trading` shows and sets them for all at once
SIZES = ("position_size", "stop_loss", "take_profit")


def feed_for_request(request: Request) -> Feed | None:
    """The feed of the account named, else of the default one; None for a person without an account."""
    named = account_named(request)
    if named is not None:
        return account_get_for(request.user, named).feed
    try:
        return account_default_for(request.user).feed
    except NotFound:
        return None


def may_steer_feed(user: Any, feed: Feed) -> bool:
    """Who may pause a replay and set its speed: operators; on an embedded site also who owns an account on it."""
    if user.site_role in FEED_ROLES or user.is_superuser:
        return True
    owns = Account.objects.open().filter(feed=feed, memberships__user=user, memberships__role=Role.OWNER)
    return bool(settings.EMBEDDED and owns.exists())


# --- the seeds' shapes ------------------------------------------------------------------------------------------------


def status_get(account: Account) -> dict[str, Any]:
    """The account in the design's words: JSON numbers, `_pct` in percent."""
    view = View(account)
    tiles = view.overview()
    return {
        "running": view.control()["running"],
        "mode": str(account.environment),
        "portfolio": {
            "total_value": _money(tiles["total_value"]),
            "cash": _money(tiles["cash"]),
            "positions_value": _money(tiles["positions_value"]),
            "unrealized_pnl": _money(tiles["unrealised_pnl"]),
            "total_return": _money(tiles["total_return"]),
            "num_positions": tiles["num_positions"],
        },
        "positions": positions_get(view),
        "account": _account(account, tiles),
        "last_update": tiles["as_of"],
    }


def account_seed_get(account: Account) -> dict[str, Any]:
    """The account's balances in the design's words."""
    tiles = View(account).overview()
    return _account(account, tiles) | {
        "name": account.name,
        "mode": str(account.environment),
        "currency": account.currency,
        "kind": str(account.kind),
        "positions_value": _money(tiles["positions_value"]),
        "unrealized_pnl": _money(tiles["unrealised_pnl"]),
        "realized_pnl": _money(tiles["realised_pnl"]),
        "reserved": _money(tiles["reserved"]),
        "fees": _money(tiles["fees"]),
        "initial_capital": _money(tiles["net_deposits"]),
        "last_update": tiles["as_of"],
    }


def positions_get(view: View) -> list[dict[str, Any]]:
    """The positions in the design's words."""
    return [
        {
            "symbol": position.symbol,
            "quantity": number(position.quantity),
            "avg_price": _money(position.average_price),
            "current_price": _money(position.price),
            "market_value": _money(position.value),
            "unrealized_pnl": _money(position.pnl),
            "unrealized_pnl_pct": _percent(position.pnl_pct),
        }
        for position in view.positions
    ]


def risk_metrics_get(account: Account) -> dict[str, Any]:
    """Where the account stands against its limits: JSON numbers, `_pct` in percent."""
    view = View(account)
    tiles, risk, performance = view.overview(), view.risk(), view.performance()
    measures = {row["code"]: row for row in risk["measures"]}
    return {
        "success": True,
        "account_id": str(account.pk),
        "state": risk["state"],
        "reasons": risk["reasons"],
        "profile": risk["profile"],
        "portfolio_value": _money(tiles["total_value"]),
        "buying_power": _money(tiles["buying_power"]),
        "daily_pnl": _money(tiles["day_pnl"]),
        "daily_return_pct": _percent(measures["DAILY_LOSS"]["value"]),
        "max_daily_loss_pct": _percent(measures["DAILY_LOSS"]["limit"]),
        "largest_position_pct": _percent(measures["LARGEST_POSITION"]["value"]),
        "max_position_size_pct": _percent(measures["LARGEST_POSITION"]["limit"]),
        "leverage": _money(measures["LEVERAGE"]["value"]),
        "max_portfolio_leverage": _money(measures["LEVERAGE"]["limit"]),
        "num_positions": tiles["num_positions"],
        "max_drawdown_pct": _percent(performance["max_drawdown"]),
        "sharpe_ratio": _money(performance["sharpe_ratio"]),
        "win_rate_pct": _percent(performance["win_rate"]),
        "measures": [_measure(row) for row in risk["measures"]],
        "last_update": tiles["as_of"],
    }


def config_get(account: Account) -> dict[str, Any]:
    """The configuration by the design's sections; credentials are never shown, a mixed value is null."""
    risk = risk_get(account)
    limits: dict[str, Any] = {} if risk is None else effective_limits(risk)
    deployments = list(Deployment.objects.filter(account=account))
    return {
        "trading": {
            "mode": str(account.environment),
            "initial_capital": _money(account.net_deposits),
            "max_positions": limits.get("max_positions"),
            **{name: _common(deployments, name) for name in SIZES},
        },
        "brokerage": {"provider": str(account.environment), "credentials": None},
        "data": {"provider": _data_provider(account), "cache_enabled": True, "cache_dir": None},
        "risk": {
            "max_position_size_pct": _percent(limits.get("max_position_pct")),
            "max_daily_loss_pct": _percent(limits.get("max_daily_loss_pct")),
            "max_portfolio_leverage": _money(limits.get("max_leverage")),
            "allowed_symbols": limits.get("allowed_symbols"),
        },
        "strategies": [strategy_config(deployment) for deployment in deployments],
    }


def strategy_config(deployment: Deployment) -> dict[str, Any]:
    """One deployment as the configuration lists it."""
    return {
        "id": deployment.pk,
        "name": deployment.name,
        "strategy": deployment.strategy,
        "enabled": deployment.state == Deployment.State.RUNNING,
        "params": deployment.parameters,
        "symbols": deployment.symbols,
        "priority": deployment.priority,
        "on_limit": str(deployment.on_limit),
        **{name: _money(getattr(deployment, name)) for name in SIZES},
    }


def _account(account: Account, tiles: dict[str, Any]) -> dict[str, Any]:
    return {
        "account_id": str(account.pk),
        "cash": _money(tiles["cash"]),
        "buying_power": _money(tiles["buying_power"]),
        "portfolio_value": _money(tiles["total_value"]),
    }


def _measure(row: dict[str, Any]) -> dict[str, Any]:
    words = {name: row[name] for name in ("code", "label", "unit")}
    return words | {
        "value": number(row["value"]),
        "limit": number(row["limit"]),
        "used_pct": _percent(row["used"]),
    }


def _data_provider(account: Account) -> str | None:
    if account.feed is None:
        return None
    return "replay" if account.feed.kind == Feed.Kind.REPLAY else str(settings.QUOTE_SOURCE)


def _common(deployments: list[Deployment], name: str) -> float | None:
    values = {getattr(deployment, name) for deployment in deployments}
    return _money(values.pop()) if len(values) == 1 else None


def _money(value: Decimal | str | None) -> float | None:
    return None if value is None else float(value)


def _percent(value: Decimal | str | None) -> float | None:
    return None if value is None else float(Decimal(value) * HUNDRED)


# --- streams and health -----------------------------------------------------------------------------------------------


def account_events(account: Account, since: int) -> dict[str, Any]:
    """The account's event messages after a number, as the socket sends them: at most 500, then `more` is true."""
    last = event_last_number(account.stream)
    found = events_since(stream=account.stream, number=since)
    more = len(found) == EVENTS_MAX and found[-1].number < last
    return {"results": [event_message(_message(event)) for event in found], "last": last, "more": more}


def _message(event: Event) -> dict[str, Any]:
    return stream_message(
        stream=event.stream,
        number=event.number,
        kind=event.kind,
        payload=event.payload,
        market_time=event.market_time,
    )


def health_get() -> dict[str, Any]:
    """What anyone may know: whether the database answers, and each probe's last word without its detail."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        checks = [{"name": row.name, "status": row.status} for row in probe_results()]
    except DatabaseError:
        return {"status": "failing", "checks": [{"name": "Database", "status": Status.FAILING.value}]}
    bad = any(check["status"] != Status.OK for check in checks)
    return {"status": "degraded" if bad else "ok", "checks": checks}
