"""Alice's paper and live accounts with limits, people of every kind, and no hooks of other rooms."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction

from marketdata.models import Feed, Instrument
from portfolio.models import Account, Membership
from portfolio.services import account_lock, account_open, fill_post
from risk.services import account_risk_create
from tests.operations.lifting import flush_past_triggers

NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)


@pytest.fixture(autouse=True, scope="session")
def _flush():
    with flush_past_triggers():
        yield


@pytest.fixture(autouse=True)
def _no_hooks(settings):
    settings.STOP_HOOKS = []
    settings.STOP_DRAIN_TIMEOUT_S = 1.0
    settings.SEND_TIMEOUT_S = 0.5


def person(name, **fields):
    return get_user_model().objects.create_user(username=name, password="made up for tests", **fields)


@pytest.fixture
def alice(db):
    return person("alice")


@pytest.fixture
def bob(db):
    return person("bob")


@pytest.fixture
def charlie(db):
    return person("charlie")


@pytest.fixture
def dora(db):
    return person("dora", site_role="risk_manager", is_staff=True)


@pytest.fixture
def oscar(db):
    return person("oscar", site_role="operator", is_staff=True)


@pytest.fixture
def feed(db):
    return Feed.objects.create(name="Tape", kind=Feed.Kind.LIVE, market_time=NOON)


@pytest.fixture
def acme(db):
    return Instrument.objects.create(symbol="ACME")


@pytest.fixture
def account(alice, bob, feed):
    account = account_open(owner=alice, name="Paper", feed=feed, capital=Decimal(100_000), actor=alice)
    Membership.objects.create(account=account, user=bob, role="viewer")
    account_risk_create(account=account, profile_code="PAPER", actor=alice)
    return account


@pytest.fixture
def live_account(account):
    """Made past the rule that live accounts need PostgreSQL: here only its environment matters."""
    real = Account.objects.create(name="Real", owner=account.owner, environment="live", feed=account.feed)
    Membership.objects.create(account=real, user=account.owner, role="owner")
    return real


def buy(account, instrument, quantity, price, source="one"):
    with transaction.atomic():
        return fill_post(
            account=account_lock(account.pk),
            instrument=instrument,
            deployment_key="",
            quantity=Decimal(quantity),
            price=Decimal(price),
            fee=Decimal(0),
            executed_at=NOON,
            source=source,
        )
