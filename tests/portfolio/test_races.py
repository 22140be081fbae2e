"""Many writers at once on a real PostgreSQL: nothing is lost, doubled or left unbalanced."""

import random
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection, transaction

from operations.errors import Unavailable, Unprocessable
from portfolio.models import LedgerTransaction, Position, PositionEntry
from portfolio.services import (
    account_lock,
    account_open,
    cash_deposit,
    cash_withdraw,
    ledger_verify,
    positions_rebuild,
    reserve_hold,
    reserve_release,
)
from tests.portfolio.conftest import CAPITAL, book, fresh

pytestmark = [
    pytest.mark.postgres,
    # Naming the apps lets the flush cascade: a swapped-out model has left a table that refers to people.
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="row locks and deferred triggers need PostgreSQL"),
]

THREADS = 32
ROUNDS = 3


@pytest.fixture
def patient(settings):
    settings.ACCOUNT_LOCK_TIMEOUT_MS = 60_000


@pytest.fixture
def impatient(settings):
    settings.ACCOUNT_LOCK_TIMEOUT_MS = 300


def together(work):
    """Run `work(number)` in every thread at the same moment; return the results, raise the first error."""
    start = Barrier(THREADS)

    def run(number):
        try:
            start.wait(30)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return [future.result() for future in [pool.submit(run, number) for number in range(THREADS)]]


def test_fills_deposits_and_reserves_from_many_threads_keep_the_ledger_whole(account, acme, future, alice, patient):
    """Seen red: with the account's lock taken out two threads make the same sleeve, or one loses the other's fill."""
    moved = {}

    def work(number):
        chance = random.Random(number)
        for turn in range(ROUNDS):
            source = f"{number}-{turn}"
            quantity, price = chance.choice([-7, -3, 2, 5]), chance.randint(90, 110)
            instrument = chance.choice([acme, future])
            book(account, instrument, str(quantity), str(price), fee="0.13", day=chance.randint(0, 9), source=source)
            cash_deposit(account_id=account.pk, amount=Decimal(number + 1), actor=alice, key=source)
            with transaction.atomic():
                locked = account_lock(account.pk)
                reserve_hold(account=locked, source=source, amount=Decimal(10))
                reserve_release(account=locked, source=source, amount=Decimal(4))
            moved[source] = -quantity * price * instrument.multiplier - Decimal("0.13") + number + 1

    together(work)
    kept = fresh(account)
    assert PositionEntry.objects.count() == len(moved) == THREADS * ROUNDS
    assert kept.cash == CAPITAL + sum(moved.values())
    assert kept.reserved == 6 * THREADS * ROUNDS
    assert ledger_verify() == []
    assert positions_rebuild() == []


def test_one_fill_delivered_by_every_thread_is_booked_once(account, acme, patient):
    """Seen red: without the lock deliveries fail on the unique key."""
    together(lambda number: book(account, acme, "10", "100", fee="1", source="venue:7"))
    assert PositionEntry.objects.count() == 1
    assert Position.objects.get().quantity == 10
    assert fresh(account).cash == CAPITAL - 1001
    assert ledger_verify() == []


def test_one_key_sent_by_every_thread_deposits_once(account, alice, patient):
    together(lambda number: cash_deposit(account_id=account.pk, amount=Decimal(5), actor=alice, key="k1"))
    assert fresh(account).cash == CAPITAL + 5
    assert LedgerTransaction.objects.filter(source_type="cash").count() == 2


def test_withdrawals_at_once_never_take_more_than_there_is(account, alice, patient):
    """Seen red: without the lock more than four see the money, and the account ends below zero."""

    def work(number):
        try:
            cash_withdraw(account_id=account.pk, amount=CAPITAL / 4, actor=alice, key=str(number))
        except Unprocessable:
            return False
        return True

    assert sum(together(work)) == 4
    assert fresh(account).cash == 0
    assert ledger_verify() == []


def test_accounts_do_not_wait_for_one_another(account, acme, alice, feed, impatient):
    """While one account is locked another books: the lock is the row, not the table."""
    other = account_open(owner=alice, name="Other", feed=feed, capital=CAPITAL)
    with transaction.atomic():
        account_lock(account.pk)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_book_and_close, other, acme).result(30)
    assert fresh(other).cash == CAPITAL - 100


def test_a_lock_is_waited_for_only_so_long(account, acme, impatient):
    """Seen red: without `lock_timeout` the second booking waits until the first lets go."""
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        account_lock(account.pk)
        with pytest.raises(Unavailable, match="ACCOUNT_BUSY"):
            pool.submit(_book_and_close, account, acme).result(5)


def _book_and_close(account, instrument):
    try:
        book(account, instrument, "1", "100", source="other")
    finally:
        connection.close()
