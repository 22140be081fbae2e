"""Deployments: created, configured, started, stopped, paused. Starting wakes a replay that waits for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from marketdata.models import Feed
from marketdata.selectors import instruments_get
from marketdata.services import feed_wake
from operations.errors import Conflict, InvalidInput, NotFound
from operations.services import audit_append, notification_send
from portfolio.models import Account
from portfolio.services import account_lock
from trading.models import Deployment, Order
from trading.selectors import strategy_get
from trading.services.cancel import CANCELLABLE, order_cancel_locked
from trading.services.changes import Changes, changes_publish
from trading.strategies.registry import parameters_dump, parameters_parse
from trading.terms import OrderRole

EDITABLE = (
    "name", "parameters", "symbols", "priority", "direction", "on_limit", "position_size", "stop_loss", "take_profit",
    "rebalance_band", "capital",
)  # fmt: skip


def deployment_create(
    *,
    account_id: int,
    name: str,
    strategy: str,
    symbols: Sequence[str],
    actor: Any,
    parameters: Mapping[str, Any] | None = None,
    priority: int = 100,
    direction: str = "long",
    on_limit: str = "cut",
    position_size: Decimal = Decimal("0.05"),
    stop_loss: Decimal | None = Decimal("0.02"),
    take_profit: Decimal | None = Decimal("0.05"),
    rebalance_band: Decimal | None = None,
    capital: Decimal | None = None,
) -> Deployment:
    """Create a stopped deployment. Locks the account; strategy, parameters and symbols must be known."""
    with transaction.atomic():
        account = account_lock(account_id)
        if Deployment.objects.filter(account=account, name=name).exists():
            raise Conflict(
                "DEPLOYMENT_EXISTS", f"This account already has a deployment named {name!r}; choose another."
            )
        deployment = Deployment(
            account=account,
            name=name,
            strategy=strategy,
            parameters=_parameters(strategy, parameters or {}),
            symbols=_symbols(symbols),
            priority=priority,
            direction=direction,
            on_limit=on_limit,
            position_size=position_size,
            stop_loss=stop_loss,
            take_profit=take_profit,
            rebalance_band=rebalance_band,
            capital=capital,
        )
        _bounds_check(deployment)
        deployment.save()
        _record(account, deployment, "deployment.created", actor, before=None)
    return deployment


def deployment_update(*, deployment_id: int, changes: Mapping[str, Any], actor: Any) -> Deployment:
    """Change a stopped deployment. Locks the account; what a run was decided with does not move under it."""
    with transaction.atomic():
        deployment, account = _locked(deployment_id)
        if deployment.state == Deployment.State.RUNNING:
            raise Conflict("DEPLOYMENT_RUNNING", f"{deployment.name} is running; stop it before changing it.")
        unknown = sorted(set(changes) - set(EDITABLE))
        if unknown:
            raise InvalidInput("UNKNOWN_FIELD", f"Unknown field {unknown[0]!r}; allowed: {', '.join(EDITABLE)}.")
        before = _state(deployment)
        for name, value in changes.items():
            if name == "parameters":
                value = _parameters(deployment.strategy, value)
            elif name == "symbols":
                value = _symbols(value)
            setattr(deployment, name, value)
        _bounds_check(deployment)
        deployment.save()
        _record(account, deployment, "deployment.changed", actor, before=before)
    return deployment


def deployment_start(*, deployment_id: int, actor: Any) -> Deployment:
    """Start deciding from the next close. Locks the account; a waiting replay wakes; starting twice changes nothing."""
    with transaction.atomic():
        deployment, account = _locked(deployment_id)
        if deployment.state == Deployment.State.RUNNING:
            return deployment
        if account.feed_id is None:
            raise Conflict("NO_FEED", "This account follows no market feed; give it one before starting a strategy.")
        if account.archived_at is not None:
            raise Conflict("ACCOUNT_ARCHIVED", "This account is archived; nothing runs on it.")
        strategy_get(deployment.strategy)
        feed = Feed.objects.get(pk=account.feed_id)
        if feed.state == Feed.State.FINISHED:
            raise Conflict("FEED_FINISHED", "This account's replay has ended; open an account on the current replay.")
        before = _state(deployment)
        deployment.state = Deployment.State.RUNNING
        deployment.message = ""
        deployment.started_event = feed.event_number
        deployment.anchor_on = None
        deployment.targets = {}
        deployment.save()
        feed_wake(feed_id=feed.pk, actor=actor)
        _record(account, deployment, "deployment.started", actor, before=before, changes=Changes(sections={"feed"}))
    return deployment


def deployment_stop(*, deployment_id: int, actor: Any) -> Deployment:
    """Stop deciding. Locks the account; entries are cancelled, protective orders and positions stay."""
    with transaction.atomic():
        deployment, account = _locked(deployment_id)
        if deployment.state == Deployment.State.STOPPED:
            return deployment
        before = _state(deployment)
        deployment.state = Deployment.State.STOPPED
        deployment.message = ""
        deployment.save()
        changes = Changes()
        entries = Order.objects.select_related("instrument").filter(
            deployment=deployment, role=OrderRole.ENTRY, state__in=CANCELLABLE
        )
        for order in entries:
            order_cancel_locked(
                account=account, order=order, by="policy", reason=f"{deployment.name} was stopped.", changes=changes
            )
        _record(account, deployment, "deployment.stopped", actor, before=before, changes=changes)
    return deployment


def deployment_pause(
    *, deployment_id: int, message: str, market_time: datetime | None, failed: bool = False
) -> Deployment:
    """Pause a deployment on its own account of things, and tell its owner. Locks the account."""
    with transaction.atomic():
        deployment, account = _locked(deployment_id)
        if deployment.state != Deployment.State.RUNNING:
            return deployment
        before = _state(deployment)
        deployment.state = Deployment.State.FAILED if failed else Deployment.State.PAUSED
        deployment.message = message[:300]
        deployment.save()
        _record(account, deployment, "deployment.paused", None, before=before)
        notification_send(
            user=account.owner,
            level="warning",
            title=f"{deployment.name} is {deployment.state}",
            body=message[:500],
            stream=account.stream,
        )
    return deployment


def account_start(*, account_id: int, actor: Any) -> list[Deployment]:
    """Start every deployment of the account."""
    return [deployment_start(deployment_id=pk, actor=actor) for pk in _ids(account_id)]


def account_stop(*, account_id: int, actor: Any) -> list[Deployment]:
    """Stop every deployment of the account."""
    return [deployment_stop(deployment_id=pk, actor=actor) for pk in _ids(account_id)]


def _ids(account_id: int) -> list[int]:
    return list(Deployment.objects.filter(account_id=account_id).values_list("pk", flat=True))


def _locked(deployment_id: int) -> tuple[Deployment, Account]:
    deployment = Deployment.objects.get(pk=deployment_id)
    account = account_lock(deployment.account_id)
    deployment.refresh_from_db()
    return deployment, account


def _parameters(strategy: str, values: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return parameters_dump(parameters_parse(strategy_get(strategy), values))
    except ValueError as error:
        raise InvalidInput("BAD_PARAMETERS", str(error), strategy=strategy) from error


def _symbols(symbols: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(symbols))
    if not wanted:
        raise InvalidInput("NO_SYMBOLS", "Name at least one symbol.")
    try:
        instruments_get(wanted)
    except NotFound as error:
        raise InvalidInput("SYMBOL_UNKNOWN", f"{error.message} Ingest its bars first.", **error.context) from error
    return wanted


def _bounds_check(deployment: Deployment) -> None:
    rules = (
        ("position_size", deployment.position_size, Decimal(0), Decimal(10), False),
        ("stop_loss", deployment.stop_loss, Decimal(0), Decimal(1), True),
        ("take_profit", deployment.take_profit, Decimal(0), Decimal(100), True),
        ("rebalance_band", deployment.rebalance_band, Decimal(0), Decimal(1), True),
        ("capital", deployment.capital, Decimal(0), Decimal(9 * 10**10), True),
    )
    for name, value, low, high, optional in rules:
        if value is None and optional:
            continue
        if value is None or not value.is_finite() or not low < value < high:
            raise InvalidInput(
                "OUT_OF_RANGE", f"{name} is {value}; it must be above {low} and below {high}.", field=name
            )
    for name, allowed in (("direction", ("long", "both")), ("on_limit", ("cut", "deny"))):
        if getattr(deployment, name) not in allowed:
            raise InvalidInput(
                "NOT_ALLOWED_VALUE",
                f"{name} is {getattr(deployment, name)!r}; allowed: {', '.join(allowed)}.",
                field=name,
            )
    if not 1 <= len(deployment.name) <= 80:
        raise InvalidInput("BAD_NAME", "A deployment's name has 1 to 80 characters.", field="name")
    if not 0 <= deployment.priority <= 32767:
        raise InvalidInput("OUT_OF_RANGE", "priority is a whole number from 0 to 32767.", field="priority")


def _state(deployment: Deployment) -> dict[str, Any]:
    return {
        "state": str(deployment.state),
        "strategy": deployment.strategy,
        "parameters": deployment.parameters,
        "symbols": deployment.symbols,
        **{name: str(getattr(deployment, name)) for name in EDITABLE if name not in ("parameters", "symbols")},
    }


def _record(
    account: Account,
    deployment: Deployment,
    action: str,
    actor: Any,
    *,
    before: dict[str, Any] | None,
    changes: Changes | None = None,
) -> None:
    changes = changes or Changes()
    changes.deployments[deployment.pk] = deployment
    changes.sections |= {"control"}
    audit_append(
        stream=account.stream,
        action=action,
        actor=actor,
        target=f"deployment:{deployment.pk}",
        before=before,
        after=_state(deployment),
    )
    changes_publish(account=account, changes=changes, kind=action, market_time=None)


def deployments_running(feed_id: int) -> list[Deployment]:
    """Return the deployments at work on a feed's accounts."""
    return list(
        Deployment.objects.select_related("account")
        .filter(account__feed_id=feed_id, account__archived_at__isnull=True, state=Deployment.State.RUNNING)
        .order_by("priority", "id")
    )


__all__ = [
    "account_start",
    "account_stop",
    "deployment_create",
    "deployment_pause",
    "deployment_start",
    "deployment_stop",
    "deployment_update",
    "deployments_running",
]
