"""Deployments, evaluations, decisions, orders, attempts and fills: what we asked for and what we got.

Quantities are signed (``> 0`` buys). A decision says why an intent became an order or did not; an order is made by
``trading.services`` alone; an attempt is committed before anything is sent; a fill points down to one position entry.
"""

from __future__ import annotations

import uuid
from decimal import Decimal
from enum import StrEnum

from django.conf import settings
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from operations.fields import ExactDecimalField, exact_bounds
from trading.lifecycle import OrderState
from trading.terms import OnLimit, OrderRole, OrderType, TimeInForce, Verdict

NOTHING = models.Value(Decimal(0), output_field=ExactDecimalField())


def _choices(values: type[StrEnum]) -> list[tuple[str, str]]:
    return [(value.value, value.value) for value in values]


class Deployment(models.Model):
    """A strategy with parameters and symbols, set to work on one account; its sleeve carries ``key``."""

    class State(models.TextChoices):
        """Stopped makes no decisions; paused and failed say why and wait for a person."""

        STOPPED = "stopped"
        RUNNING = "running"
        PAUSED = "paused"
        FAILED = "failed"

    account = models.ForeignKey("portfolio.Account", on_delete=models.PROTECT, related_name="deployments")
    name = models.CharField(max_length=80)
    strategy = models.CharField(max_length=80)
    parameters = models.JSONField(default=dict, blank=True)
    symbols = models.JSONField(default=list)
    priority = models.PositiveSmallIntegerField(default=100)
    direction = models.CharField(max_length=4, default="long", choices=[("long", "long"), ("both", "both")])
    on_limit = models.CharField(max_length=4, default="cut", choices=_choices(OnLimit))
    position_size = ExactDecimalField()
    stop_loss = ExactDecimalField(null=True, blank=True)
    take_profit = ExactDecimalField(null=True, blank=True)
    rebalance_band = ExactDecimalField(null=True, blank=True)
    capital = ExactDecimalField(null=True, blank=True)
    state = models.CharField(max_length=8, default=State.STOPPED, choices=State.choices)
    message = models.CharField(max_length=300, blank=True, default="")
    anchor_on = models.DateField(null=True, blank=True)
    started_event = models.PositiveIntegerField(null=True, blank=True)
    targets = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    history = HistoricalRecords(excluded_fields=["targets", "updated_at"])

    class Meta:
        """Named once per account; fractions within their bounds."""

        ordering = ["priority", "id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="deployment_name_per_account"),
            models.CheckConstraint(condition=Q(position_size__gt=0, position_size__lte=10), name="deployment_size"),
            models.CheckConstraint(
                condition=Q(stop_loss__isnull=True) | Q(stop_loss__gt=0, stop_loss__lt=1), name="deployment_stop_loss"
            ),
            models.CheckConstraint(
                condition=Q(take_profit__isnull=True) | Q(take_profit__gt=0, take_profit__lte=100),
                name="deployment_take_profit",
            ),
            exact_bounds("capital", minimum=0, prefix="deployment"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """The sleeve's key, as positions and orders carry it."""
        return str(self.pk)


class SymbolLatch(models.Model):
    """After a protective exit the deployment stays flat in the symbol until its target returns to zero or turns."""

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="latches")
    symbol = models.CharField(max_length=40)
    sign = models.SmallIntegerField(help_text="Side of the position that was closed: 1 long, -1 short.")
    since_event = models.PositiveIntegerField()
    order = models.UUIDField()

    class Meta:
        """One latch per deployment and symbol."""

        constraints = [models.UniqueConstraint(fields=["deployment", "symbol"], name="latch_once")]

    def __str__(self) -> str:
        return f"{self.deployment_id} {self.symbol}"


class Evaluation(models.Model):
    """One look of one deployment at one bar: its effective targets, and how many intents came of it."""

    class State(models.TextChoices):
        """Recorded waits for the act step."""

        RECORDED = "recorded"
        ACTED = "acted"
        FAILED = "failed"

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="evaluations")
    event_number = models.PositiveIntegerField()
    session_on = models.DateField()
    market_time = models.DateTimeField()
    dataset_version = models.PositiveBigIntegerField(null=True)
    targets = models.JSONField(default=dict, help_text="What the strategy said; null keeps.")
    row = models.JSONField(default=dict, help_text="The levels once null has kept and direction has clipped.")
    changes = models.JSONField(default=list)
    signals = models.JSONField(default=list)
    again = models.JSONField(default=list, help_text="Weights that a limit cut, to be asked again.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RECORDED)
    intents = models.PositiveSmallIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True, default="")
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """One row per deployment and bar."""

        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["deployment", "event_number"], name="evaluation_once_per_bar")]

    def __str__(self) -> str:
        return f"{self.deployment_id} @ {self.event_number}"


class Decision(models.Model):
    """What became of an intent: the verdict, every rule, and the largest size that would have passed. Append-only."""

    account = models.ForeignKey("portfolio.Account", on_delete=models.PROTECT, related_name="decisions")
    deployment = models.ForeignKey(Deployment, null=True, on_delete=models.PROTECT, related_name="decisions")
    evaluation = models.ForeignKey(Evaluation, null=True, on_delete=models.PROTECT, related_name="decisions")
    instrument = models.ForeignKey("marketdata.Instrument", null=True, on_delete=models.PROTECT, related_name="+")
    symbol = models.CharField(max_length=40)
    role = models.CharField(max_length=8, choices=_choices(OrderRole))
    origin = models.CharField(max_length=12)
    order_type = models.CharField(max_length=12, choices=_choices(OrderType))
    wanted = ExactDecimalField()
    passed = ExactDecimalField()
    largest = ExactDecimalField()
    reference_price = ExactDecimalField(null=True)
    verdict = models.CharField(max_length=10, choices=_choices(Verdict))
    binding_rule = models.CharField(max_length=32, blank=True, default="")
    text = models.CharField(max_length=500)
    rules = models.JSONField(default=list)
    event_number = models.PositiveIntegerField(null=True)
    market_time = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Newest first."""

        ordering = ["-id"]
        indexes = [models.Index(fields=["account", "-id"], name="decision_account")]

    def __str__(self) -> str:
        return self.text


class Order(models.Model):
    """Our order. Its UUID is its name on every wire; made in one place, moved by ``trading.lifecycle`` alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey("portfolio.Account", on_delete=models.PROTECT, related_name="orders")
    deployment = models.ForeignKey(Deployment, null=True, blank=True, on_delete=models.PROTECT, related_name="orders")
    decision = models.ForeignKey(Decision, null=True, on_delete=models.PROTECT, related_name="orders")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    replaces = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by")
    instrument = models.ForeignKey("marketdata.Instrument", on_delete=models.PROTECT, related_name="+")
    client_order_id = models.CharField(max_length=48, null=True, blank=True)  # noqa: DJ001 - null is "none given", unique
    sequence = models.PositiveBigIntegerField()
    role = models.CharField(max_length=8, choices=_choices(OrderRole))
    origin = models.CharField(max_length=12)
    order_type = models.CharField(max_length=12, choices=_choices(OrderType))
    time_in_force = models.CharField(max_length=4, choices=_choices(TimeInForce))
    quantity = ExactDecimalField()
    filled_quantity = ExactDecimalField(default=0)
    filled_notional = ExactDecimalField(default=0)
    fees = ExactDecimalField(default=0)
    limit_price = ExactDecimalField(null=True, blank=True)
    stop_price = ExactDecimalField(null=True, blank=True)
    reference_price = ExactDecimalField(null=True, blank=True)
    opening = ExactDecimalField(default=0)
    reserved = ExactDecimalField(default=0)
    triggered = models.BooleanField(default=False)
    protective = models.BooleanField(default=False)
    reduce_only = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=_choices(OrderState), default=OrderState.NEW)
    reason = models.CharField(max_length=300, blank=True, default="")
    ended_by = models.CharField(max_length=8, blank=True, default="")
    payload_hash = models.CharField(max_length=64)
    stop_epoch = models.PositiveBigIntegerField(default=0)
    created_event = models.PositiveIntegerField(default=0)
    first_open_event = models.PositiveIntegerField(null=True, blank=True)
    released_event = models.PositiveIntegerField(null=True, blank=True)
    released_as = models.CharField(max_length=5, blank=True, default="")
    claimed_until = models.DateTimeField(null=True, blank=True)
    venue_order_id = models.CharField(max_length=80, blank=True, default="")
    market_time = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Newest first; never filled beyond its quantity; a caller's id is unique per account."""

        ordering = ["-sequence"]
        constraints = [
            models.UniqueConstraint(fields=["account", "client_order_id"], name="client_order_id_per_account"),
            models.UniqueConstraint(fields=["account", "sequence"], name="order_sequence_per_account"),
            exact_bounds("quantity", prefix="order"),
            exact_bounds("filled_quantity", minimum=0, prefix="order"),
            exact_bounds("filled_notional", minimum=0, prefix="order"),
            models.CheckConstraint(condition=~Q(quantity=0), name="order_quantity_not_zero"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, filled_quantity__lte=models.F("quantity"))
                | Q(quantity__lt=0, quantity__lte=NOTHING - models.F("filled_quantity")),
                name="order_not_overfilled",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "state"], name="order_account_state"),
            models.Index(fields=["state", "claimed_until"], name="order_dispatch"),
            models.Index(fields=["parent"], name="order_parent"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.instrument_id} {self.state}"

    @property
    def side(self) -> str:
        """BUY or SELL, as the edges say it."""
        return "BUY" if self.quantity > 0 else "SELL"

    @property
    def sleeve(self) -> str:
        """The deployment key the order carries; empty for the manual sleeve."""
        return str(self.deployment_id) if self.deployment_id else ""

    @property
    def remaining(self):
        """Signed quantity still to fill."""
        return self.quantity - self.filled_quantity if self.quantity > 0 else self.quantity + self.filled_quantity


class OrderEvent(models.Model):
    """One move of an order through its lifecycle, with whose word it was. Append-only."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="moves")
    from_state = models.CharField(max_length=16)
    to_state = models.CharField(max_length=16)
    by = models.CharField(max_length=8)
    reason = models.CharField(max_length=300, blank=True, default="")
    market_time = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """In the order they happened."""

        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


class SendAttempt(models.Model):
    """Committed before the socket write: that we tried, with which bytes, and what came of it."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, default="submit")
    payload_hash = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, blank=True, default="")
    detail = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        """Numbered per order and kind."""

        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["order", "kind", "number"], name="attempt_number")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.kind} {self.number}"


class Fill(models.Model):
    """Our record of an execution; one to one with the position entry it caused. Append-only."""

    account = models.ForeignKey("portfolio.Account", on_delete=models.PROTECT, related_name="fills")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="fills")
    instrument = models.ForeignKey("marketdata.Instrument", on_delete=models.PROTECT, related_name="+")
    entry = models.OneToOneField("portfolio.PositionEntry", on_delete=models.PROTECT, related_name="fill")
    venue = models.CharField(max_length=20)
    venue_account = models.CharField(max_length=80)
    trade_id = models.CharField(max_length=80)
    quantity = ExactDecimalField()
    price = ExactDecimalField()
    fee = ExactDecimalField()
    realised = ExactDecimalField()
    event_number = models.PositiveIntegerField(null=True)
    executed_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """A venue's trade is booked once."""

        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["venue", "venue_account", "trade_id"], name="fill_once"),
            exact_bounds("quantity", prefix="fill"),
            exact_bounds("price", minimum=0, prefix="fill"),
            exact_bounds("fee", prefix="fill"),
        ]
        indexes = [models.Index(fields=["account", "event_number"], name="fill_account_event")]

    def __str__(self) -> str:
        return f"{self.quantity} @ {self.price}"


class IdempotencyKey(models.Model):
    """A caller's key: the first body it came with, and the order that came of it. Never released."""

    account = models.ForeignKey("portfolio.Account", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=48)
    body_hash = models.CharField(max_length=64)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="+")
    decision = models.ForeignKey(Decision, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """One body per key and account."""

        constraints = [models.UniqueConstraint(fields=["account", "key"], name="idempotency_key")]

    def __str__(self) -> str:
        return self.key
