"""An account of alice's on a feed, with two instruments; fills by number."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction

from marketdata.models import Feed, Instrument
from portfolio.models import Account
from portfolio.services import account_lock, account_open, fill_post

NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)
CAPITAL = Decimal(100_000)


def person(name, **fields):
    return get_user_model().objects.create_user(username=name, password="made up for tests", **fields)


@pytest.fixture
def feed(db):
    return Feed.objects.create(name="Tape", kind=Feed.Kind.LIVE, market_time=NOON)


@pytest.fixture
def acme(db):
    return Instrument.objects.create(symbol="ACME")


@pytest.fixture
def future(db):
    return Instrument.objects.create(symbol="FUT", kind=Instrument.Kind.FUTURE, multiplier=Decimal(50))


@pytest.fixture
def account(alice, feed):
    return account_open(owner=alice, name="Paper", feed=feed, capital=CAPITAL, actor=alice)


_numbers = count(1)


def book(account, instrument, quantity, price, *, fee="0", day=0, key="", source=None):
    """Book one fill under the account's lock; without a source, under a new one."""
    with transaction.atomic():
        return fill_post(
            account=account_lock(account.pk),
            instrument=instrument,
            deployment_key=key,
            quantity=Decimal(quantity),
            price=Decimal(price),
            fee=Decimal(fee),
            executed_at=NOON + timedelta(days=day),
            source=source or f"fill-{next(_numbers)}",
        )


def fresh(account):
    return Account.objects.get(pk=account.pk)
