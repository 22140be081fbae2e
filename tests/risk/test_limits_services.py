"""Limits of an account: created, tightened by members, loosened by risk managers, versioned and audited."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from operations.errors import Conflict, InvalidInput, NotAllowed, NotFound
from operations.models import AuditEvent, Event
from portfolio.services import account_open
from risk.models import AccountRisk, CapitalProfile
from risk.selectors import costs_for, limits_for
from risk.services import account_risk_create, account_risk_update

D = Decimal


@pytest.mark.parametrize(
    ("code", "usd", "leverage"), [("MICRO", 100, 2), ("SMALL", 500, 5), ("MEDIUM", 2000, 10), ("LARGE", 10_000, 20)]
)
def test_profiles_stand_ready_with_a_first_version(db, code, usd, leverage):
    profile = CapitalProfile.objects.get(code=code)
    assert (profile.max_position_usd, profile.max_leverage) == (usd, leverage)


def test_a_new_account_has_every_limit(account):
    limits = limits_for(account)
    unset = [name for name in limits.__dataclass_fields__ if getattr(limits, name) is None]
    assert unset == ["allowed_symbols"]
    assert limits.max_leverage == 1
    assert limits.initial_margin_pct == 1
    assert (limits.max_position_pct, limits.max_order_pct, limits.max_positions) == (D("0.1"), D("0.05"), 20)
    assert costs_for(account)["slippage_bps"] == 2


def test_a_margin_account_has_its_profiles_leverage(alice, feed):
    account = account_open(owner=alice, name="Margin", kind="margin", feed=feed, actor=alice)
    account_risk_create(account=account, profile_code="SMALL")
    limits = limits_for(account)
    assert (limits.max_leverage, limits.max_position_usd, limits.initial_margin_pct) == (5, 500, D("0.5"))


def test_an_account_without_limits_has_none_set(alice, feed):
    account = account_open(owner=alice, name="Bare", feed=feed, actor=alice)
    limits = limits_for(account)
    assert all(getattr(limits, name) is None for name in limits.__dataclass_fields__)
    assert costs_for(account) == {}
    with pytest.raises(NotFound):
        account_risk_update(account_id=account.pk, changes={"max_positions": 1}, actor=alice)


def test_limits_are_given_once_and_by_a_known_profile(account, alice, feed):
    with pytest.raises(Conflict):
        account_risk_create(account=account, profile_code="PAPER")
    other = account_open(owner=alice, name="Other", feed=feed, actor=alice)
    with pytest.raises(InvalidInput):
        account_risk_create(account=other, profile_code="HUGE")
    created = account_risk_create(account=other, profile_code="PAPER", limits={"max_order_pct": D(1)})
    assert created.max_order_pct == 1


def test_tightening_is_immediate_versioned_audited_and_told(account, alice):
    account_risk_update(account_id=account.pk, changes={"max_position_pct": D("0.08"), "max_positions": 4}, actor=alice)
    limits = limits_for(account)
    assert (limits.max_position_pct, limits.max_positions) == (D("0.08"), 4)
    record = AuditEvent.objects.filter(stream=account.stream, action="risk.changed").get()
    assert record.actor == alice
    assert set(record.after) == {"max_position_pct", "max_positions"}
    assert Decimal(record.before["max_position_pct"]) == D("0.1")
    assert Event.objects.filter(stream=account.stream, kind="risk.changed").last().payload["put"]["risk"]["profile"]
    versions = list(AccountRisk.history.filter(account=account).order_by("history_id"))
    assert [v.max_positions for v in versions] == [20, 4]
    assert versions[-1].history_user == alice


def test_the_same_again_records_nothing(account, alice):
    account_risk_update(account_id=account.pk, changes={"max_positions": 20}, actor=alice)
    assert not AuditEvent.objects.filter(action="risk.changed").exists()


LOOSER = [
    {"max_position_pct": D("0.2")},
    {"max_positions": 21},
    {"reserve_collar_pct": D("0.01")},
    {"initial_margin_pct": D("0.5")},
    {"max_order_pct": D("0.01"), "max_position_pct": D("0.2")},
]


@pytest.mark.parametrize("changes", LOOSER)
def test_loosening_needs_a_risk_manager(account, alice, oscar, dora, changes):
    """Red with the first changed name deciding for all: the tighter one of the last case let the looser one through."""
    for actor, loosen in ((alice, False), (alice, True), (oscar, True), (dora, False), (None, True)):
        with pytest.raises(NotAllowed) as refusal, transaction.atomic():
            account_risk_update(account_id=account.pk, changes=changes, actor=actor, loosen=loosen)
        assert refusal.value.code == "LIMIT_LOOSENED"
    account_risk_update(account_id=account.pk, changes=changes, actor=dora, loosen=True)
    assert all(getattr(limits_for(account), name) == value for name, value in changes.items())


def test_of_profile_and_account_the_stricter_counts(account, alice, dora):
    account_risk_update(account_id=account.pk, changes={"profile": "SMALL"}, actor=alice)
    assert limits_for(account).max_position_usd == 500
    with pytest.raises(NotAllowed):
        account_risk_update(account_id=account.pk, changes={"profile": "LARGE"}, actor=alice)
    CapitalProfile.objects.filter(code="SMALL").update(max_position_usd=None)
    assert limits_for(account).max_position_usd is None


@pytest.mark.parametrize(
    "changes",
    [
        {"max_position_pct": D("-0.01")},
        {"max_position_pct": D("NaN")},
        {"max_position_pct": "much"},
        {"max_position_pct": D("0.000000001")},
        {"max_daily_loss_pct": D("1.01")},
        {"max_positions": -1},
        {"max_positions": 10**7},
        {"volume_cap": D(2)},
        {"allowed_symbols": "AAPL"},
        {"allowed_symbols": [1]},
        {"profile": "HUGE"},
        {"ladder_level": "ACTIVE"},
        {"nonsense": 1},
    ],
)
def test_impossible_values_are_refused_with_words(account, dora, changes):
    with pytest.raises(InvalidInput) as refusal:
        account_risk_update(account_id=account.pk, changes=changes, actor=dora, loosen=True)
    assert len(refusal.value.message) > 10


def test_symbols_narrow_and_widen(account, alice, dora):
    account_risk_update(account_id=account.pk, changes={"allowed_symbols": ["MSFT", "AAPL"]}, actor=alice)
    assert limits_for(account).allowed_symbols == {"AAPL", "MSFT"}
    with pytest.raises(NotAllowed):
        account_risk_update(account_id=account.pk, changes={"allowed_symbols": None}, actor=alice)
    account_risk_update(account_id=account.pk, changes={"allowed_symbols": None}, actor=dora, loosen=True)
    assert limits_for(account).allowed_symbols is None


@pytest.mark.parametrize(
    "values",
    [
        {"max_position_pct": D("100.00000001")},
        {"max_leverage": D(-1)},
        {"max_positions": 10**6 + 1},
        {"ladder_level": "MELTING"},
        {"slippage_bps": D(-1)},
    ],
)
def test_the_database_holds_the_bounds_too(account, values):
    with pytest.raises((IntegrityError, ValidationError)), transaction.atomic():
        AccountRisk.objects.filter(account=account).update(**values)
