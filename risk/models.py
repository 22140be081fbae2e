"""What we may do: capital profiles, every account's limits, stop latches, and the user's exposure over all accounts.

A limit that is null is unset, and an unset limit denies. Profiles and account limits keep every version they had.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from marketdata.models import Instrument
from operations.fields import ExactDecimalField, exact_bounds
from portfolio.models import Account, Environment
from risk.facts import StopLevel
from risk.scopes import KINDS

STOP_LEVELS = [(level.value, level.value) for level in StopLevel]
USD_MAXIMUM = Decimal(10_000_000_000)
COUNT_MAXIMUM = 1_000_000


def symbols_check(value: Any) -> None:
    """Raise ValidationError unless `value` is a list of symbols."""
    if not isinstance(value, list) or not all(isinstance(symbol, str) and symbol for symbol in value):
        raise ValidationError('Enter a list of symbols, as in ["AAPL", "MSFT"].', code="invalid")


def _within(name: str, maximum: Decimal | int, prefix: str) -> models.CheckConstraint:
    """A limit lies between 0 and what still is a limit; null is unset."""
    condition = Q(**{f"{name}__gte": Decimal(0) if isinstance(maximum, Decimal) else 0, f"{name}__lte": maximum})
    return models.CheckConstraint(condition=Q(**{f"{name}__isnull": True}) | condition, name=f"{prefix}_{name}")


def _decimal(maximum: Decimal, words: str, **options: Any) -> ExactDecimalField:
    validators = [MinValueValidator(Decimal(0)), MaxValueValidator(maximum)]
    return ExactDecimalField(null=True, blank=True, validators=validators, help_text=words, **options)


def _count(words: str, default: int) -> models.PositiveIntegerField[Any, Any]:
    return models.PositiveIntegerField(
        null=True, blank=True, default=default, validators=[MaxValueValidator(COUNT_MAXIMUM)], help_text=words
    )


class CapitalProfile(models.Model):
    """A size of trading: the largest position and the leverage an account of this profile may have."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=200, blank=True)
    rank = models.PositiveSmallIntegerField(default=0, help_text="Order of the profiles, smallest first.")
    max_position_usd = _decimal(USD_MAXIMUM, "Largest |value| of one symbol, in the account's currency.")
    max_leverage = _decimal(Decimal(1000), "Largest sum of |values| as a multiple of equity.")

    history = HistoricalRecords()

    class Meta:
        ordering = ["rank", "code"]
        constraints = [
            _within("max_position_usd", USD_MAXIMUM, "risk_profile"),
            _within("max_leverage", Decimal(1000), "risk_profile"),
        ]

    def __str__(self) -> str:
        return self.name


FRACTIONS = {
    "max_position_pct": Decimal(100),
    "max_user_symbol_pct": Decimal(100),
    "max_order_pct": Decimal(100),
    "max_daily_loss_pct": Decimal(1),
    "collar_pct": Decimal(1),
    "reserve_collar_pct": Decimal(1),
    "initial_margin_pct": Decimal(1),
}
COUNTS = ("max_positions", "max_open_orders", "orders_per_second", "orders_per_minute")
COSTS = {
    "commission_per_share": Decimal(1000),
    "commission_pct": Decimal(1),
    "commission_minimum": Decimal(10_000),
    "half_spread_bps": Decimal(5000),
    "slippage_bps": Decimal(5000),
    "volume_cap": Decimal(1),
}


class AccountRisk(models.Model):
    """Every limit of one account, the costs it is simulated with, and where the ladder has put it.

    The profile's two limits and the account's own hold together: the stricter of each counts.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="risk")
    profile = models.ForeignKey(CapitalProfile, on_delete=models.PROTECT, related_name="accounts")

    max_position_usd = _decimal(USD_MAXIMUM, "Largest |value| of one symbol, in the account's currency.")
    max_leverage = _decimal(Decimal(1000), "Largest sum of |values| as a multiple of equity.")
    max_position_pct = _decimal(
        FRACTIONS["max_position_pct"], "Largest |value| of one symbol, fraction of equity.", default=Decimal("0.1")
    )
    max_user_symbol_pct = _decimal(
        FRACTIONS["max_user_symbol_pct"],
        "Largest |value| of one symbol over all of the owner's accounts, fraction of their equity.",
        default=Decimal("0.3"),
    )
    max_order_pct = _decimal(
        FRACTIONS["max_order_pct"], "Largest opening order, fraction of equity.", default=Decimal("0.05")
    )
    max_daily_loss_pct = _decimal(
        FRACTIONS["max_daily_loss_pct"], "Loss of a day that ends its openings.", default=Decimal("0.05")
    )
    collar_pct = _decimal(
        FRACTIONS["collar_pct"], "How far beyond the reference a limit price may go.", default=Decimal("0.03")
    )
    reserve_collar_pct = _decimal(
        FRACTIONS["reserve_collar_pct"], "What an order without limit reserves on top.", default=Decimal("0.03")
    )
    initial_margin_pct = _decimal(
        FRACTIONS["initial_margin_pct"], "Equity a new position needs: 1 on cash accounts.", default=Decimal(1)
    )
    max_positions = _count("Symbols held or asked for.", 20)
    max_open_orders = _count("Orders that have not ended.", 50)
    orders_per_second = _count("Orders of people and programs.", 5)
    orders_per_minute = _count("Orders of people and programs.", 60)
    allowed_symbols = models.JSONField(
        null=True,
        blank=True,
        default=None,
        validators=[symbols_check],
        help_text="List of symbols; empty: every known symbol.",
    )

    commission_per_share = ExactDecimalField(default=0, validators=[MinValueValidator(Decimal(0))])
    commission_pct = ExactDecimalField(default=0, help_text="Fraction of value.", validators=[MinValueValidator(0)])
    commission_minimum = ExactDecimalField(default=0, validators=[MinValueValidator(Decimal(0))])
    half_spread_bps = ExactDecimalField(default=1, validators=[MinValueValidator(Decimal(0))])
    slippage_bps = ExactDecimalField(default=2, validators=[MinValueValidator(Decimal(0))])
    volume_cap = ExactDecimalField(
        null=True,
        blank=True,
        default=Decimal("0.1"),
        validators=[MinValueValidator(Decimal(0))],
        help_text="Fraction of a bar's volume that may be filled; empty: no cap.",
    )

    ladder_level = models.CharField(max_length=8, choices=STOP_LEVELS, default=StopLevel.ACTIVE, editable=False)
    ladder_reason = models.CharField(max_length=200, blank=True, editable=False)
    ladder_session_on = models.DateField(
        null=True, blank=True, editable=False, help_text="The session the level holds for."
    )
    updated_at = models.DateTimeField(auto_now=True)

    history = HistoricalRecords(excluded_fields=["ladder_level", "ladder_reason", "ladder_session_on", "updated_at"])

    class Meta:
        ordering = ["account_id"]
        verbose_name = "account risk"
        verbose_name_plural = "account risk"
        constraints = [
            _within("max_position_usd", USD_MAXIMUM, "risk_account"),
            _within("max_leverage", Decimal(1000), "risk_account"),
            *(_within(name, maximum, "risk_account") for name, maximum in FRACTIONS.items()),
            *(_within(name, COUNT_MAXIMUM, "risk_account") for name in COUNTS),
            *(_within(name, maximum, "risk_account") for name, maximum in COSTS.items()),
            models.CheckConstraint(
                condition=Q(ladder_level__in=[level.value for level in StopLevel]), name="risk_account_ladder_level"
            ),
        ]

    def __str__(self) -> str:
        return f"Limits of {self.account}"


class StopLatch(models.Model):
    """One scope's stop: its state, and an epoch that counts every change, so that a stop shows after a resume too."""

    scope_kind = models.CharField(max_length=10, choices=[(kind, kind) for kind in KINDS])
    scope_key = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=8, choices=STOP_LEVELS, default=StopLevel.ACTIVE)
    epoch = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["scope_kind", "scope_key"]
        verbose_name_plural = "stop latches"
        constraints = [
            models.UniqueConstraint(fields=["scope_kind", "scope_key"], name="risk_stoplatch_scope"),
            models.CheckConstraint(condition=Q(scope_kind__in=KINDS), name="risk_stoplatch_kind_known"),
            models.CheckConstraint(
                condition=Q(state__in=[level.value for level in StopLevel]), name="risk_stoplatch_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope_kind} {self.scope_key}".strip() + f": {self.state}"


class UserExposure(models.Model):
    """What one person holds and has asked for of one instrument, over their accounts of one environment and currency.

    Quantities without sign: the sum over sleeves of |quantity|, and the working openings.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    environment = models.CharField(max_length=5, choices=Environment.choices)
    currency = models.CharField(max_length=5)
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    held = ExactDecimalField(default=0)
    reserved = ExactDecimalField(default=0)

    class Meta:
        ordering = ["owner_id", "instrument_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "environment", "currency", "instrument"], name="risk_userexposure_once"
            ),
            exact_bounds("held", prefix="risk_userexposure", minimum=Decimal(0)),
            exact_bounds("reserved", prefix="risk_userexposure", minimum=Decimal(0)),
        ]

    def __str__(self) -> str:
        return f"{self.held} held and {self.reserved} asked of instrument {self.instrument_id}"
