"""Opening and sharing accounts, and who may see them."""

from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction

from operations.errors import Conflict, InvalidInput, NotAllowed, NotFound, Unprocessable
from operations.models import AuditEvent
from operations.services import audit_verify
from portfolio.models import Account, Membership
from portfolio.selectors import account_default_for, account_get_for, accounts_for, role_for
from portfolio.services import (
    account_archive,
    account_default_set,
    account_lock,
    account_open,
    account_update,
    ledger_verify,
    membership_remove,
    membership_set,
)
from tests.portfolio.conftest import CAPITAL, NOON, fresh

pytestmark = pytest.mark.django_db


def test_an_account_opens_with_owner_capital_and_record(account, alice):
    assert (account.cash, account.net_deposits, account.environment, account.kind) == (
        CAPITAL,
        CAPITAL,
        "paper",
        "cash",
    )
    assert role_for(alice, account) == "owner"
    opened = AuditEvent.objects.get(stream=account.stream)
    assert (opened.action, opened.actor, opened.market_time) == ("account.opened", alice, NOON)
    assert (ledger_verify(), audit_verify()) == ([], [])


def test_a_name_is_free_again_once_its_account_is_archived(account, alice):
    with pytest.raises(Conflict, match="NAME_TAKEN"):
        account_open(owner=alice, name=" Paper ")
    account_archive(account_id=account.pk, actor=alice)
    account_archive(account_id=account.pk, actor=alice)
    assert account_open(owner=alice, name="Paper").pk != account.pk
    assert AuditEvent.objects.filter(action="account.archived").count() == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "  "}, "NAME_INVALID"),
        ({"name": "x" * 81}, "NAME_INVALID"),
        ({"environment": "demo"}, "ENVIRONMENT_UNKNOWN"),
        ({"kind": "credit"}, "KIND_UNKNOWN"),
        ({"currency": "usd"}, "CURRENCY_INVALID"),
        ({"capital": Decimal(-1)}, "AMOUNT_INVALID"),
        ({"capital": Decimal("NaN")}, "AMOUNT_INVALID"),
    ],
)
def test_an_account_that_makes_no_sense_is_refused(alice, change, code):
    with pytest.raises(InvalidInput, match=code):
        account_open(**{"owner": alice, "name": "New", **change})
    assert not Account.objects.exists()


@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL may hold live accounts")
def test_a_live_account_needs_postgresql(alice):
    with pytest.raises(Unprocessable, match="LIVE_NEEDS_POSTGRESQL"):
        account_open(owner=alice, name="Live", environment="live")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="live accounts need PostgreSQL")
def test_a_live_account_opens_on_postgresql(alice):
    assert account_open(owner=alice, name="Live", environment="live").cash == 0


def test_name_and_kind_may_change(account, alice):
    account_update(account_id=account.pk, actor=alice, name="Renamed", kind="margin")
    assert (fresh(account).name, fresh(account).kind) == ("Renamed", "margin")
    changed = AuditEvent.objects.get(action="account.updated")
    assert (changed.before["name"], changed.after["name"]) == ("Paper", "Renamed")


def test_an_account_is_locked_inside_a_transaction_only(account, monkeypatch):
    monkeypatch.setattr("portfolio.services.accounts.connection", SimpleNamespace(in_atomic_block=False))
    with pytest.raises(RuntimeError):
        account_lock(account.pk)


def test_members_come_change_and_go(account, alice, bob):
    membership_set(account_id=account.pk, user=bob, role="viewer", actor=alice)
    membership_set(account_id=account.pk, user=bob, role="trader", actor=alice)
    assert role_for(bob, account) == "trader"
    membership_remove(account_id=account.pk, user=bob, actor=alice)
    assert role_for(bob, account) is None
    actions = AuditEvent.objects.filter(stream=account.stream, action__startswith="membership").order_by("number")
    assert [event.action for event in actions] == ["membership.set", "membership.set", "membership.removed"]
    with pytest.raises(NotFound, match="MEMBER_NOT_FOUND"):
        membership_remove(account_id=account.pk, user=bob, actor=alice)


def test_the_owner_stays_the_owner(account, alice, bob):
    with pytest.raises(Unprocessable, match="OWNER_STAYS"):
        membership_set(account_id=account.pk, user=alice, role="viewer", actor=alice)
    with pytest.raises(Unprocessable, match="OWNER_STAYS"):
        membership_remove(account_id=account.pk, user=alice, actor=alice)
    with pytest.raises(InvalidInput, match="ROLE_INVALID"):
        membership_set(account_id=account.pk, user=bob, role="owner", actor=alice)


def test_who_may_see_and_act(account, alice, bob, charlie, dora):
    """Seen red: with `exclude(role=None)` taken out charlie sees alice's account."""
    membership_set(account_id=account.pk, user=bob, role="viewer", actor=alice)
    assert account_get_for(alice, account.pk, write=True, manage=True) == account
    assert account_get_for(bob, account.pk) == account_get_for(dora, account.pk) == account
    for person in (bob, dora):
        with pytest.raises(NotAllowed):
            account_get_for(person, account.pk, write=True)
        with pytest.raises(NotAllowed):
            account_get_for(person, account.pk, manage=True)
    for person in (charlie, AnonymousUser()):
        with pytest.raises(NotFound):
            account_get_for(person, account.pk, write=True)
        assert not accounts_for(person).exists()
    membership_set(account_id=account.pk, user=bob, role="trader", actor=alice)
    assert account_get_for(bob, account.pk, write=True).role == "trader"
    with pytest.raises(NotAllowed, match="NOT_OWNER"):
        account_get_for(bob, account.pk, manage=True)


def test_the_account_meant_where_none_is_named(alice, bob, dora, account):
    assert account_default_for(alice) == account
    second = account_open(owner=alice, name="Second")
    assert account_default_for(alice) == account
    account_default_set(user=alice, account_id=second.pk)
    assert account_default_for(alice) == second
    Membership.objects.update(is_default=False)
    with pytest.raises(InvalidInput, match="ACCOUNT_AMBIGUOUS") as refused:
        account_default_for(alice)
    assert [each["id"] for each in refused.value.context["accounts"]] == [account.pk, second.pk]
    for person in (bob, dora):
        with pytest.raises(NotFound):
            account_default_for(person)
    with pytest.raises(NotFound):
        account_default_set(user=bob, account_id=account.pk)


def test_an_archived_default_is_no_default(alice, account):
    second = account_open(owner=alice, name="Second")
    account_archive(account_id=account.pk, actor=alice)
    assert account_default_for(alice) == second


def test_locking_and_missing_accounts(account):
    with transaction.atomic():
        assert account_lock(account.pk) == account
        with pytest.raises(NotFound):
            account_lock(account.pk + 1_000_000)
