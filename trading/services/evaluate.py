"""Evaluations: what a deployment's strategy says at the close of one bar, recorded once.

Runs in workers. Nothing is decided here: targets and signals wait for the account's act step.
"""

from __future__ import annotations

import dataclasses
import math
from datetime import UTC, datetime, time
from typing import Any

import structlog
from django.db import IntegrityError, transaction

from marketdata.bars import Panel
from marketdata.models import Feed
from marketdata.selectors import feed_moment, panel_get
from trading.evaluation import StrategyFault, signals_evaluate, targets_evaluate
from trading.models import Deployment, Evaluation, Fill
from trading.selectors import strategy_get
from trading.selectors.pictures import feed_of
from trading.services.deployments import deployment_pause
from trading.signals import FilledOrder
from trading.strategies.base import PanelStrategy, Strategy
from trading.strategies.registry import parameters_parse

log = structlog.get_logger(__name__)


def evaluations_owed(feed: Feed) -> list[Deployment]:
    """Return the running deployments that have no row yet for the feed's current CLOSE."""
    number = feed.event_number
    return list(
        Deployment.objects.filter(
            account__feed=feed,
            account__archived_at__isnull=True,
            state=Deployment.State.RUNNING,
            started_event__lt=number,
        )
        .exclude(evaluations__event_number=number)
        .order_by("priority", "id")
    )


def evaluation_record(*, deployment_id: int, event_number: int) -> Evaluation | None:
    """Evaluate a deployment at one bar, once; None when it no longer runs. What it raises pauses it alone."""
    deployment = Deployment.objects.select_related("account").get(pk=deployment_id)
    known = Evaluation.objects.filter(deployment=deployment, event_number=event_number).first()
    if known is not None or deployment.state != Deployment.State.RUNNING:
        return known
    feed = feed_of(deployment.account)
    feed.event_number = event_number
    try:
        # asked outside the transaction: a slow strategy must not keep everyone else from writing
        answer = _answer(deployment, feed)
        with transaction.atomic():
            return Evaluation.objects.create(deployment=deployment, event_number=event_number, **answer)
    except IntegrityError:
        return Evaluation.objects.get(deployment=deployment, event_number=event_number)
    except StrategyFault as error:
        message = str(error)
    except Exception as error:
        log.exception("evaluation_failed", deployment=deployment_id, event_number=event_number)
        message = f"{type(error).__name__}: {error}"
    evaluation_fail(deployment_id=deployment_id, event_number=event_number, message=message)
    deployment_pause(deployment_id=deployment_id, message=message, market_time=None, failed=True)
    return None


def evaluation_fail(*, deployment_id: int, event_number: int, message: str) -> Evaluation:
    """Record that a bar was not evaluated, with the reason."""
    deployment = Deployment.objects.select_related("account").get(pk=deployment_id)
    feed = feed_of(deployment.account)
    feed.event_number = event_number
    moment = feed_moment(feed)
    evaluation, _ = Evaluation.objects.get_or_create(
        deployment=deployment,
        event_number=event_number,
        defaults={
            "session_on": moment.session_on,
            "market_time": moment.at,
            "state": Evaluation.State.FAILED,
            "message": message[:300],
        },
    )
    return evaluation


def _answer(deployment: Deployment, feed: Feed) -> dict[str, Any]:
    """Ask the strategy, and return the columns of the row."""
    moment = feed_moment(feed)
    strategy = strategy_build(deployment)
    panel = panel_for(deployment, strategy, feed, moment.session_on)
    row: dict[str, Any] = {
        "session_on": moment.session_on,
        "market_time": moment.at,
        "dataset_version": feed.dataset_version_id,
    }
    if isinstance(strategy, PanelStrategy):
        values = targets_evaluate(strategy, panel)
        row["targets"] = {
            symbol: None if math.isnan(value) else float(value)
            for symbol, value in zip(panel.symbols, values, strict=True)
        }
    else:
        signals = signals_evaluate(strategy, panel, fills_of(deployment))
        row["signals"] = [_signal_row(signal) for signal in signals]
    return row


def strategy_build(deployment: Deployment) -> Strategy:
    """Return the deployment's strategy, fresh, with its parameters."""
    kind = strategy_get(deployment.strategy)
    try:
        return kind(parameters_parse(kind, deployment.parameters))
    except ValueError as error:
        raise StrategyFault(str(error)) from error


def panel_for(deployment: Deployment, strategy: Strategy, feed: Feed, session_on: Any) -> Panel:
    """Return the rows the strategy may see: its lookback, or everything since its anchor, which is set here once."""
    version = feed.dataset_version
    assert version is not None
    lookback = strategy.lookback(strategy.parameters)
    common = {"symbols": deployment.symbols, "version": version, "until_on": session_on, "calendar": feed.calendar}
    if lookback is not None:
        return panel_get(**common, observations=lookback)
    if deployment.anchor_on is None:
        panel = panel_get(**common, observations=strategy.warmup + 1)
        deployment.anchor_on = panel.times[0].astype("datetime64[D]").item()
        Deployment.objects.filter(pk=deployment.pk, anchor_on__isnull=True).update(anchor_on=deployment.anchor_on)
        return panel
    return panel_get(**common, since_on=deployment.anchor_on)


def fills_of(deployment: Deployment) -> list[FilledOrder]:
    """Return the deployment's own fills, in order, as event strategies are told of them."""
    fills = Fill.objects.filter(order__deployment=deployment).select_related("order", "instrument").order_by("id")
    return [
        FilledOrder(
            order_id=str(fill.order_id),
            symbol=fill.instrument.symbol,
            action="BUY" if fill.quantity > 0 else "SELL",
            quantity=float(abs(fill.quantity)),
            price=float(fill.price),
            timestamp=datetime.combine(fill.executed_at.date(), time(), tzinfo=UTC),
            order_type=str(fill.order.order_type),
            role=str(fill.order.role),
        )
        for fill in fills
    ]


def _signal_row(signal: Any) -> dict[str, Any]:
    row = dataclasses.asdict(signal)
    row.pop("timestamp", None)
    return {name: value if isinstance(value, str | None) else str(value) for name, value in row.items()}
