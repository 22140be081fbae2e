"""What the market did: instruments, versions of the lake, ingests and what they set aside, feeds."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from marketdata.feeds.replay import SPEEDS
from marketdata.validation import SYMBOL
from operations.fields import ExactDecimalField, exact_bounds

SMALLEST = Decimal("0.00000001")


class Instrument(models.Model):
    """Something that can be traded; its bars lie in the lake under its symbol."""

    class Kind(models.TextChoices):
        """What it is."""

        EQUITY = "equity"
        ETF = "etf"
        INDEX = "index"
        CURRENCY = "currency"
        CRYPTO = "crypto"
        FUTURE = "future"

    symbol = models.CharField(max_length=40, db_index=True, validators=[RegexValidator(rf"^(?:{SYMBOL.pattern})\Z")])
    exchange = models.CharField(max_length=12, blank=True, default="", help_text="Market identifier code, as XNAS.")
    name = models.CharField(max_length=120, blank=True, default="")
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.EQUITY)
    currency = models.CharField(max_length=5, default="USD")
    calendar = models.CharField(max_length=12, default="XNYS", help_text="Exchange calendar, as XNYS or 24/7.")
    tick = ExactDecimalField(null=True, blank=True, help_text="Smallest price move; empty rounds nothing.")
    step = ExactDecimalField(default=Decimal(1), help_text="Quantities are whole multiples of it.")
    multiplier = ExactDecimalField(default=Decimal(1), help_text="Value of one unit at a price of one.")
    minimum_quantity = ExactDecimalField(default=Decimal(1))
    first_bar_on = models.DateField(null=True, blank=True)
    last_bar_on = models.DateField(null=True, blank=True)
    tradable = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["symbol", "exchange"]
        constraints = [
            models.UniqueConstraint(fields=["exchange", "symbol"], name="instrument_symbol_unique"),
            models.CheckConstraint(condition=~Q(symbol=""), name="instrument_symbol_named"),
            exact_bounds("tick", minimum=SMALLEST, prefix="instrument"),
            exact_bounds("step", minimum=SMALLEST, prefix="instrument"),
            exact_bounds("multiplier", minimum=SMALLEST, prefix="instrument"),
            exact_bounds("minimum_quantity", minimum=Decimal(0), prefix="instrument"),
        ]

    def __str__(self) -> str:
        return self.symbol


class DatasetVersion(models.Model):
    """One version of the lake's bars: what a replay or a backtest names to see the same market again."""

    interval = models.CharField(max_length=4, default="1d")
    table_id = models.CharField(max_length=40)
    table_version = models.PositiveBigIntegerField()
    provider = models.CharField(max_length=40)
    rows = models.PositiveBigIntegerField(help_text="Bars in the whole table at this version.")
    symbols = models.PositiveIntegerField()
    first_on = models.DateField()
    last_on = models.DateField()
    checksum = models.CharField(max_length=64, help_text="SHA-256 over every bar of this version.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["table_id", "table_version"], name="dataset_version_unique")]

    def __str__(self) -> str:
        return f"{self.interval} bars, version {self.table_version}"


class IngestRun(models.Model):
    """One attempt to bring bars into the lake, and what came of it."""

    class State(models.TextChoices):
        """How far it got; a run that was killed stays RUNNING, and nothing of it is in the lake or all of it is."""

        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    provider = models.CharField(max_length=40)
    source = models.CharField(max_length=200, blank=True, default="", help_text="File name or address, for people.")
    interval = models.CharField(max_length=4, default="1d")
    calendar = models.CharField(max_length=12)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    rows_read = models.PositiveBigIntegerField(default=0)
    rows_accepted = models.PositiveBigIntegerField(default=0)
    rows_inserted = models.PositiveBigIntegerField(default=0)
    rows_updated = models.PositiveBigIntegerField(default=0)
    rows_unchanged = models.PositiveBigIntegerField(default=0)
    rows_quarantined = models.PositiveBigIntegerField(default=0)
    symbols = models.PositiveIntegerField(default=0)
    notes = models.JSONField(default=list, blank=True)
    message = models.TextField(blank=True, default="")
    dataset_version = models.ForeignKey(
        DatasetVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="ingests"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.provider} {self.started_at:%Y-%m-%d %H:%M} {self.state}"


class QuarantinedBar(models.Model):
    """A row that was set aside, as it came, with every reason."""

    run = models.ForeignKey(IngestRun, on_delete=models.CASCADE, related_name="quarantined")
    row = models.PositiveBigIntegerField(help_text="Row of the source, counted from 1.")
    symbol = models.CharField(max_length=80, blank=True, default="")
    time = models.CharField(max_length=40, blank=True, default="")
    values = models.JSONField(default=dict)
    reason = models.TextField()

    class Meta:
        ordering = ["run_id", "row"]
        indexes = [models.Index(fields=["run", "row"], name="quarantined_run_row")]

    def __str__(self) -> str:
        return f"{self.symbol} {self.time}: {self.reason}"


class Feed(models.Model):
    """The market as accounts see it: a replay of one dataset version, or live. Its clock is `market_time`."""

    class Kind(models.TextChoices):
        """Where its events come from."""

        REPLAY = "replay"
        LIVE = "live"

    class State(models.TextChoices):
        """A replay waits for its first deployment, runs, may be paused by an operator, and ends at its last bar."""

        WAITING = "waiting"
        RUNNING = "running"
        PAUSED = "paused"
        FINISHED = "finished"

    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.REPLAY)
    calendar = models.CharField(max_length=12, default="XNYS")
    start_on = models.DateField(null=True, blank=True)
    dataset_version = models.ForeignKey(
        DatasetVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="feeds"
    )
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    speed = models.PositiveSmallIntegerField(default=1, choices=[(speed, f"{speed}x") for speed in SPEEDS])
    speed_reached = models.FloatField(null=True, blank=True, help_text="Sessions a second, as measured by the loop.")
    event_number = models.PositiveBigIntegerField(default=0)
    market_time = models.DateTimeField()
    is_current = models.BooleanField(default=False, help_text="New accounts open on it.")
    note = models.CharField(max_length=300, blank=True, default="", help_text="What people should know of this replay.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["is_current"], condition=Q(is_current=True), name="feed_one_current"),
            models.CheckConstraint(condition=Q(speed__in=SPEEDS), name="feed_speed_known"),
            models.CheckConstraint(
                condition=Q(kind="live") | Q(start_on__isnull=False, dataset_version__isnull=False),
                name="feed_replay_complete",
            ),
        ]

    def __str__(self) -> str:
        return self.name
