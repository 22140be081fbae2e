"""The act step: an account's evaluations of one bar become intents, decisions and orders, in one transaction."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import structlog
from django.db import transaction

from marketdata.models import Instrument
from marketdata.rounding import decimal_from_float
from marketdata.selectors import instruments_get
from portfolio.models import Account
from portfolio.services import account_lock
from risk.services import exposure_lock
from trading import events
from trading.intents import (
    Asker,
    Intent,
    TargetStep,
    decide,
    intent_from_signal,
    intents_from_changes,
    order_intents,
    targets_step,
)
from trading.models import Deployment, Evaluation, SymbolLatch
from trading.picture import AccountPicture
from trading.selectors import strategy_get
from trading.selectors.pictures import account_read
from trading.services.changes import Changes, changes_publish
from trading.services.deployments import deployment_pause
from trading.services.orders import Circumstances, intent_record
from trading.signals import Signal
from trading.strategies.base import PanelStrategy
from trading.terms import Direction, OnLimit, TargetKind

log = structlog.get_logger(__name__)
NAN = Decimal("NaN")


def account_act(*, account_id: int, event_number: int) -> int:
    """Act on an account's recorded evaluations of one bar, all at once and once; return the number of intents."""
    with transaction.atomic():
        account = account_lock(account_id)
        evaluations = list(
            Evaluation.objects.select_related("deployment")
            .filter(deployment__account=account, event_number=event_number, state=Evaluation.State.RECORDED)
            .order_by("deployment__priority", "deployment_id")
        )
        if not evaluations:
            return 0
        step = _ActStep(account, evaluations, event_number)
        step.run()
        changes_publish(
            account=account, changes=step.changes, kind="signals.acted", market_time=evaluations[0].market_time
        )
    for deployment_id, message in step.faults.items():
        deployment_pause(deployment_id=deployment_id, message=message, market_time=None, failed=True)
    return step.count


class _ActStep:
    """One account, one bar: intents of all deployments, reductions first."""

    def __init__(self, account: Account, evaluations: list[Evaluation], event_number: int) -> None:
        self.account, self.evaluations, self.event_number = account, evaluations, event_number
        self.changes = Changes()
        self.faults: dict[int, str] = {}
        self.count = 0
        self.of_sleeve = {evaluation.deployment.key: evaluation for evaluation in evaluations}
        symbols = {symbol for evaluation in evaluations for symbol in evaluation.deployment.symbols}
        self.instruments: dict[str, Instrument] = instruments_get(sorted(symbols))
        exposure_lock(account=account, instruments=self.instruments.values())
        reading = account_read(account, instruments=self.instruments.values(), sleeves=list(self.of_sleeve))
        self.picture: AccountPicture = reading.picture
        self.epochs = reading.epochs

    def run(self) -> None:
        """Collect, order, decide, record. What was stopped since it was evaluated decides nothing."""
        intents: list[Intent] = []
        running = [each for each in self.evaluations if each.deployment.state == Deployment.State.RUNNING]
        for evaluation in running:
            try:
                intents += self.intents_of(evaluation)
            except Exception as error:  # one deployment's fault stops it alone
                log.exception("intents_failed", deployment=evaluation.deployment_id)
                self.faults[evaluation.deployment_id] = f"{type(error).__name__}: {error}"
        again: dict[str, list[str]] = {}
        for intent in order_intents(intents):
            try:
                with transaction.atomic():
                    ask_again = self.act(intent)
            except Exception as error:  # one intent's fault stops its deployment alone
                log.exception("intent_failed", sleeve=intent.sleeve, symbol=intent.symbol)
                self.faults[int(intent.sleeve)] = f"{intent.symbol}: {type(error).__name__}: {error}"
                continue
            if ask_again:
                again.setdefault(intent.sleeve, []).append(intent.symbol)
        for evaluation in self.evaluations:
            evaluation.again = again.get(evaluation.deployment.key, [])
            evaluation.state = Evaluation.State.ACTED
            evaluation.save()

    def intents_of(self, evaluation: Evaluation) -> list[Intent]:
        """The intents of one deployment."""
        deployment = evaluation.deployment
        asker = asker_of(deployment)
        if evaluation.signals:
            found = [intent_from_signal(_signal(row), asker, self.picture) for row in evaluation.signals]
            return [intent for intent in found if intent is not None]
        if not evaluation.targets:
            return []
        before = _previous(evaluation)
        step = self.target_step(deployment, evaluation, before)
        evaluation.row = {symbol: float(value) for symbol, value in step.row.items()}
        evaluation.changes = list(step.changes)
        SymbolLatch.objects.filter(deployment=deployment, symbol__in=step.released).delete()
        shown = {symbol: events.text(Decimal(value)) for symbol, value in step.effective.items()}
        if deployment.targets != shown:
            deployment.targets = shown
            Deployment.objects.filter(pk=deployment.pk).update(targets=shown)
            self.changes.deployments[deployment.pk] = deployment
        return intents_from_changes(step, asker, self.picture, before.again if before else ())

    def target_step(self, deployment: Deployment, evaluation: Evaluation, before: Evaluation | None) -> TargetStep:
        """Compare what the strategy says with the row before it."""
        latches = SymbolLatch.objects.filter(deployment=deployment)
        weights = None
        if deployment.rebalance_band is not None:
            weights = self.weights_of(deployment)
        return targets_step(
            None if before is None else {symbol: decimal_from_float(value) for symbol, value in before.row.items()},
            {
                symbol: NAN if value is None else decimal_from_float(value)
                for symbol, value in evaluation.targets.items()
            },
            {latch.symbol: latch.sign for latch in latches},
            Direction(deployment.direction),
            weights=weights,
            rebalance_band=deployment.rebalance_band,
        )

    def weights_of(self, deployment: Deployment) -> dict[str, Decimal]:
        """What the sleeve's holdings weigh in the deployment's capital."""
        capital = deployment.capital or self.picture.equity()
        if capital <= 0:
            return {}
        return {
            symbol: self.picture.sleeve_quantity(symbol, deployment.key) * self.picture.unit_value(symbol) / capital
            for symbol in deployment.symbols
        }

    def act(self, intent: Intent) -> bool:
        """Decide one intent and write down what became of it; true when its rest is to be asked again."""
        evaluation = self.of_sleeve[intent.sleeve]
        deployment = evaluation.deployment
        outcome = decide(self.picture, intent, OnLimit(deployment.on_limit))
        if outcome.verdict == "SKIPPED":
            return outcome.ask_again
        around = Circumstances(
            account=self.account,
            instrument=self.instruments.get(intent.symbol),
            market_time=evaluation.market_time,
            event_number=self.event_number,
            deployment=deployment,
            evaluation=evaluation,
            stop_epoch=self.epochs[deployment.key],
            stop_loss=None if intent.exits and not _opens(outcome) else deployment.stop_loss,
            take_profit=None if intent.exits and not _opens(outcome) else deployment.take_profit,
        )
        intent_record(picture=self.picture, intent=intent, outcome=outcome, around=around, changes=self.changes)
        evaluation.intents += 1
        self.count += 1
        return outcome.ask_again


def _opens(outcome: Any) -> bool:
    return outcome.order_result is not None and outcome.order_result.opening > 0


def asker_of(deployment: Deployment) -> Asker:
    """Return the deployment as intents know it."""
    strategy = strategy_get(deployment.strategy)
    kind = TargetKind(strategy.kind) if issubclass(strategy, PanelStrategy) else TargetKind.SIGNAL
    return Asker(
        sleeve=deployment.key,
        name=deployment.name,
        deployment_id=deployment.pk,
        priority=deployment.priority,
        kind=kind,
        position_size=deployment.position_size,
        capital=deployment.capital,
    )


def _previous(evaluation: Evaluation) -> Evaluation | None:
    """The deployment's evaluation before this one since its last start, None at the first."""
    started = evaluation.deployment.started_event
    return (
        Evaluation.objects.filter(
            deployment_id=evaluation.deployment_id,
            event_number__lt=evaluation.event_number,
            event_number__gt=-1 if started is None else started,
            state=Evaluation.State.ACTED,
        )
        .order_by("-event_number")
        .first()
    )


def _signal(row: dict[str, Any]) -> Signal:
    numbers = {
        name: None if row.get(name) is None else Decimal(row[name])
        for name in ("quantity", "limit_price", "stop_price")
    }
    for name, value in numbers.items():
        if value is not None and not math.isfinite(value):
            raise ValueError(f"A signal's {name} must be finite, not {value}.")
    return Signal(
        row["symbol"],
        row["action"],
        numbers["quantity"],
        row["order_type"],
        numbers["limit_price"],
        numbers["stop_price"],
    )
