"""The ladder kept on accounts, exposures over a user's accounts, checks, and the table of limits."""

from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from marketdata.models import Instrument
from operations.models import AuditEvent, Event, Notification
from portfolio.services import account_open
from risk.apps import profiles_restore
from risk.checks import drain_timeout_check, stop_hooks_check
from risk.facts import StopLevel
from risk.models import AccountRisk, CapitalProfile, UserExposure
from risk.selectors import measures_get, stop_state, user_exposure
from risk.services import account_risk_update, exposure_adjust, exposure_lock, ladder_apply
from tests.risk.conftest import NOON, buy

MONDAY, TUESDAY = date(2006, 6, 19), date(2006, 6, 20)
D = Decimal


def see(account, equity, session_on=MONDAY, start="100000"):
    return ladder_apply(
        account=account,
        equity=D(equity),
        day_start_equity=D(start),
        day_flows=D(0),
        session_on=session_on,
        market_time=NOON,
    )


def test_the_ladder_is_kept_told_once_and_released(account):
    assert see(account, "96000") is StopLevel.ACTIVE
    assert not AuditEvent.objects.filter(action="risk.ladder").exists()
    assert see(account, "94000") is StopLevel.REDUCING
    assert see(account, "99000") is StopLevel.REDUCING
    state = stop_state(account=account)
    assert state.level is StopLevel.REDUCING
    assert "daily loss of 6.0 %" in state.reasons[0]
    assert state.epoch == 0
    assert Notification.objects.filter(user=account.owner).count() == 1
    assert see(account, "94000", TUESDAY, "94000") is StopLevel.ACTIVE
    assert stop_state(account=account).level is StopLevel.ACTIVE
    assert AuditEvent.objects.filter(action="risk.ladder").count() == 2
    assert Event.objects.filter(kind="risk.changed", stream=account.stream).last().payload["put"]["risk"]["state"]
    assert AccountRisk.history.filter(account=account).count() == 1


def test_a_quiet_valuation_costs_one_query(account, django_assert_num_queries):
    # savepoint, the limits row, release
    with django_assert_num_queries(3):
        see(account, "99000")


def test_without_limits_the_ladder_reduces(alice, feed):
    bare = account_open(owner=alice, name="Bare", feed=feed, actor=alice)
    assert see(bare, "1") is StopLevel.REDUCING


def test_exposures_add_up_over_the_accounts_of_one_person(account, alice, bob, feed, acme):
    second = account_open(owner=alice, name="Second", feed=feed, actor=alice)
    stranger = account_open(owner=bob, name="Bobs", feed=feed, actor=bob)
    exposure_adjust(account=account, instrument=acme, reserved=D(10))
    exposure_adjust(account=account, instrument=acme, held=D(4), reserved=D(-4))
    exposure_adjust(account=second, instrument=acme, held=D("2.5"))
    exposure_adjust(account=stranger, instrument=acme, held=D(99))
    assert user_exposure(account=second, instruments=[acme]) == {acme.pk: D("12.5")}
    row = UserExposure.objects.get(owner=alice)
    assert (row.held, row.reserved) == (D("6.5"), D(6))


def test_exposures_never_fall_below_zero(account, acme):
    row = exposure_adjust(account=account, instrument=acme, held=D(-1), reserved=D(1))
    assert (row.held, row.reserved) == (0, 1)


def test_locking_makes_the_rows(account, acme):
    other = Instrument.objects.create(symbol="OTHER")
    assert list(exposure_lock(account=account, instruments=[other, acme])) == [acme.pk, other.pk]


def test_profiles_come_back_after_a_flush(db):
    CapitalProfile.objects.filter(code="LARGE").delete()
    profiles_restore(using="default")
    assert CapitalProfile.objects.count() == 4
    CapitalProfile.objects.all().delete()
    profiles_restore(using="default")
    assert CapitalProfile.objects.count() == 5


def test_checks(settings):
    assert stop_hooks_check(None) == drain_timeout_check(None) == []
    settings.STOP_HOOKS = ["no.such.hook", "risk.scopes.KINDS", "risk.scopes.strictest"]
    assert [found.id for found in stop_hooks_check(None)] == ["risk.E001", "risk.E001"]
    for value in (0, -1, "6", None, float("nan"), True):
        settings.STOP_DRAIN_TIMEOUT_S = value
        assert [found.id for found in drain_timeout_check(None)] == ["risk.E002"]
    settings.STOP_DRAIN_TIMEOUT_S, settings.SEND_TIMEOUT_S = 4.0, 5.0
    assert [found.id for found in drain_timeout_check(None)] == ["risk.E003"]


def test_measures_and_the_table_of_limits(account, acme, alice):
    account.feed = None
    account.save()
    buy(account, acme, 50, 100)
    found = {measure.code: measure for measure in measures_get(account)}
    assert found["POSITIONS"].value == 1
    out = StringIO()
    call_command("check_risk_limits", "--account", str(account.pk), stdout=out)
    assert "Number of positions" in out.getvalue()
    account_risk_update(account_id=account.pk, changes={"max_positions": 0}, actor=alice)
    with pytest.raises(CommandError) as refusal:
        call_command("check_risk_limits", stdout=StringIO())
    assert refusal.value.returncode == 1
    with pytest.raises(CommandError):
        call_command("check_risk_limits", "--account", "999999", stdout=StringIO())
