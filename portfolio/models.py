"""What we own: accounts and who may see them, the double-entry ledger, sleeves and the fills they fold, valuations.

Ledger amounts are debits: an asset or a cost grows with a positive amount, deposits, profit and income with a
negative one. Balances on the account and sleeves are kept with every posting and can be derived again.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from marketdata.models import Feed, Instrument
from operations.fields import ExactDecimalField, exact_bounds


class Environment(models.TextChoices):
    """Whose money: nobody's, nobody's at a venue's test site, somebody's."""

    PAPER = "paper"
    TEST = "test"
    LIVE = "live"


class AccountKind(models.TextChoices):
    """A cash account neither borrows nor sells short; what a margin account may do is risk's to say."""

    CASH = "cash"
    MARGIN = "margin"


class Role(models.TextChoices):
    """What a member may do: everything, trade, look."""

    OWNER = "owner"
    TRADER = "trader"
    VIEWER = "viewer"


class LedgerAccount(models.TextChoices):
    """The accounts of the ledger; the last two are a memorandum pair."""

    CASH = "CASH"
    POSITIONS = "POSITIONS", "Positions at cost"
    DEPOSITS = "DEPOSITS"
    REALISED = "REALISED"
    FEES = "FEES"
    INCOME = "INCOME"
    FINANCING = "FINANCING"
    RESERVED = "RESERVED"
    RESERVE_CONTRA = "RESERVE_CONTRA"


class TransactionKind(models.TextChoices):
    """What happened."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    FILL = "fill"
    RESERVE = "reserve"
    RELEASE = "release"


class Phase(models.TextChoices):
    """The two events of a bar."""

    OPEN = "OPEN"
    CLOSE = "CLOSE"


FIXED_FIELDS = ("environment", "currency")


class AccountQuerySet(models.QuerySet["Account"]):
    """Accounts; what is fixed at opening cannot be updated."""

    def update(self, **values: Any) -> int:
        """Update rows; refuses what is fixed."""
        fixed = sorted(set(values) & set(FIXED_FIELDS))
        if fixed:
            raise ValidationError(f"The {' and '.join(fixed)} of an account cannot be changed.", code="ACCOUNT_FIXED")
        return super().update(**values)

    def open(self) -> Self:
        """Accounts that are not archived."""
        return self.filter(archived_at=None)


class Account(models.Model):
    """A trading account with its balances; environment and currency are fixed when it is opened."""

    name = models.CharField(max_length=80)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="accounts")
    environment = models.CharField(max_length=5, choices=Environment.choices, default=Environment.PAPER)
    currency = models.CharField(max_length=5, default="USD")
    kind = models.CharField(max_length=6, choices=AccountKind.choices, default=AccountKind.CASH)
    feed = models.ForeignKey(Feed, null=True, blank=True, on_delete=models.PROTECT, related_name="accounts")
    matched_event = models.BigIntegerField(default=0)
    cash = ExactDecimalField(default=0)
    reserved = ExactDecimalField(default=0)
    net_deposits = ExactDecimalField(default=0)
    realised = ExactDecimalField(default=0)
    fees = ExactDecimalField(default=0)
    income = ExactDecimalField(default=0)
    financing = ExactDecimalField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"], condition=Q(archived_at=None), name="portfolio_account_name"
            ),
            models.CheckConstraint(
                condition=Q(environment__in=Environment.values), name="portfolio_account_environment_known"
            ),
            models.CheckConstraint(condition=Q(kind__in=AccountKind.values), name="portfolio_account_kind_known"),
            models.CheckConstraint(condition=Q(matched_event__gte=0), name="portfolio_account_matched_event"),
            exact_bounds("reserved", prefix="portfolio_account", minimum=Decimal(0)),
            *(
                exact_bounds(name, prefix="portfolio_account")
                for name in ("cash", "net_deposits", "realised", "fees", "income", "financing")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.environment}, {self.currency})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; refuses a change of what is fixed (a trigger in the database does too)."""
        for name, opened in getattr(self, "_opened", {}).items():
            if opened is not None and getattr(self, name) != opened:
                raise ValidationError(f"The {name} of an account cannot be changed.", code="ACCOUNT_FIXED")
        super().save(*args, **kwargs)
        self._opened = {name: self.__dict__.get(name) for name in FIXED_FIELDS}

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any) -> Self:  # type: ignore[override]  # stubs of 6.1
        """Load a row and remember what of it is fixed."""
        account = super().from_db(db, field_names, values)
        account._opened = {name: account.__dict__.get(name) for name in FIXED_FIELDS}
        return account

    @property
    def role(self) -> str | None:
        """The role of the person who asked for the account, where `accounts_for` has found it."""
        return getattr(self, "member_role", None)

    @property
    def stream(self) -> str:
        """The key of the account's events and audit records."""
        return f"account:{self.pk}"


class Membership(models.Model):
    """What a person may do with an account; the owner has one too."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=6, choices=Role.choices)
    is_default = models.BooleanField(default=False, help_text="The account meant where the person names none.")

    class Meta:
        ordering = ["account_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "user"], name="portfolio_membership_once"),
            models.UniqueConstraint(fields=["user"], condition=Q(is_default=True), name="portfolio_membership_default"),
            models.UniqueConstraint(
                fields=["account"], condition=Q(role=Role.OWNER), name="portfolio_membership_one_owner"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="portfolio_membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.account}"


class LedgerTransaction(models.Model):
    """One booking of an account, whose entries sum to zero. Append-only; its source makes it single."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="transactions")
    kind = models.CharField(max_length=10, choices=TransactionKind.choices)
    source_type = models.CharField(max_length=20)
    source_id = models.CharField(max_length=160)
    market_time = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["source_type", "source_id"], name="portfolio_ledgertransaction_source"),
            models.CheckConstraint(
                condition=Q(kind__in=TransactionKind.values), name="portfolio_ledgertransaction_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.source_type} {self.source_id}"


class LedgerEntry(models.Model):
    """One leg of a booking. Append-only."""

    transaction = models.ForeignKey(LedgerTransaction, on_delete=models.PROTECT, related_name="entries")
    leg = models.PositiveSmallIntegerField()
    ledger_account = models.CharField(max_length=14, choices=LedgerAccount.choices)
    currency = models.CharField(max_length=5)
    amount = ExactDecimalField()

    class Meta:
        ordering = ["transaction_id", "leg"]
        verbose_name_plural = "ledger entries"
        constraints = [
            models.UniqueConstraint(fields=["transaction", "leg"], name="portfolio_ledgerentry_leg"),
            models.CheckConstraint(condition=~Q(amount=0), name="portfolio_ledgerentry_amount_not_zero"),
            models.CheckConstraint(
                condition=Q(ledger_account__in=LedgerAccount.values), name="portfolio_ledgerentry_account_known"
            ),
            exact_bounds("amount", prefix="portfolio_ledgerentry"),
        ]

    def __str__(self) -> str:
        return f"{self.ledger_account} {self.amount} {self.currency}"


class PositionEntry(models.Model):
    """One fill as positions fold it. Append-only; its source makes it single."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="position_entries")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    deployment_key = models.CharField(max_length=40, blank=True, help_text="Empty for what a person traded.")
    quantity = ExactDecimalField(help_text="Signed: bought above zero.")
    price = ExactDecimalField()
    fee = ExactDecimalField(default=0)
    realised = ExactDecimalField(default=0, help_text="What booking this fill realised, before fees.")
    executed_at = models.DateTimeField()
    source = models.CharField(max_length=160, unique=True)

    class Meta:
        ordering = ["executed_at", "id"]
        verbose_name_plural = "position entries"
        constraints = [
            models.CheckConstraint(condition=~Q(quantity=0), name="portfolio_positionentry_quantity_not_zero"),
            *(
                exact_bounds(name, prefix="portfolio_positionentry")
                for name in ("quantity", "price", "fee", "realised")
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "instrument", "deployment_key", "executed_at"], name="portfolio_entry_sleeve"
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} at {self.price} ({self.source})"


class Position(models.Model):
    """A sleeve: the fold of one deployment's fills in one instrument. `updated_at` is its latest fill's time."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="positions")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    deployment_key = models.CharField(max_length=40, blank=True, help_text="Empty for what a person traded.")
    quantity = ExactDecimalField(default=0)
    cost = ExactDecimalField(default=0, help_text="Signed total cost of the open quantity, multiplier included.")
    realised = ExactDecimalField(default=0)
    fees = ExactDecimalField(default=0)
    opened_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["account_id", "instrument_id", "deployment_key"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "instrument", "deployment_key"], name="portfolio_position_sleeve"
            ),
            models.CheckConstraint(
                condition=~Q(quantity=0) | Q(cost=0, opened_at=None), name="portfolio_position_flat_is_free"
            ),
            *(exact_bounds(name, prefix="portfolio_position") for name in ("quantity", "cost", "realised", "fees")),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of instrument {self.instrument_id} in account {self.account_id}"


class Reserve(models.Model):
    """Money an opening order holds until it fills or ends; the ledger carries the same as a memorandum pair."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="reserves")
    source = models.CharField(max_length=120, unique=True, help_text="The order's id.")
    amount = ExactDecimalField()
    remaining = ExactDecimalField()
    releases = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            exact_bounds("amount", prefix="portfolio_reserve", minimum=Decimal(0)),
            exact_bounds("remaining", prefix="portfolio_reserve", minimum=Decimal(0)),
            models.CheckConstraint(
                condition=Q(remaining__lte=models.F("amount")), name="portfolio_reserve_remaining_of_amount"
            ),
        ]
        indexes = [
            models.Index(fields=["account"], condition=Q(remaining__gt=0), name="portfolio_reserve_held"),
        ]

    def __str__(self) -> str:
        return f"{self.remaining} of {self.amount} for {self.source}"


class Valuation(models.Model):
    """The account's worth at one event of its feed; `net_flow` is what came in since the valuation before."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="valuations")
    event_number = models.BigIntegerField()
    phase = models.CharField(max_length=5, choices=Phase.choices)
    session_on = models.DateField()
    market_time = models.DateTimeField()
    cash = ExactDecimalField()
    positions_value = ExactDecimalField()
    unrealised = ExactDecimalField()
    equity = ExactDecimalField()
    net_flow = ExactDecimalField()
    net_deposits = ExactDecimalField()

    class Meta:
        ordering = ["account_id", "event_number"]
        constraints = [
            models.UniqueConstraint(fields=["account", "event_number"], name="portfolio_valuation_event"),
            models.CheckConstraint(condition=Q(phase__in=Phase.values), name="portfolio_valuation_phase_known"),
            models.CheckConstraint(
                condition=Q(equity=models.F("cash") + models.F("positions_value")),
                name="portfolio_valuation_equity_sum",
            ),
            *(
                exact_bounds(name, prefix="portfolio_valuation")
                for name in ("cash", "positions_value", "unrealised", "equity", "net_flow", "net_deposits")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.equity} at {self.market_time:%Y-%m-%d} {self.phase}"
