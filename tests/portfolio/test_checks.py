"""System checks and the periodic task."""

import pytest
from django.db import connection

from operations.models import Heartbeat
from portfolio.checks import check_live_accounts
from portfolio.models import Account
from portfolio.tasks import ledger_verify_all

pytestmark = pytest.mark.django_db


def test_a_live_account_on_sqlite_is_an_error(alice):
    """Seen red: with the count taken over paper accounts."""
    assert check_live_accounts(databases=["default"]) == []
    Account.objects.create(owner=alice, name="Live", environment="live")
    found = [message.id for message in check_live_accounts(databases=["default"])]
    assert found == ([] if connection.vendor == "postgresql" else ["portfolio.E001"])


def test_a_check_without_databases_asks_none(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert check_live_accounts() == []


def test_the_task_counts_what_differs(account):
    assert ledger_verify_all() == 0
    Account.objects.update(cash=1)
    assert ledger_verify_all() == 1
    assert Heartbeat.objects.get(name="ledger-verify").detail == "1 differences"
