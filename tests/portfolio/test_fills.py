"""Booking fills: money conserved, once per source, in any order of arrival."""

import itertools
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from operations.errors import Conflict, InvalidInput, Unprocessable
from portfolio.models import LedgerEntry, LedgerTransaction, Position, PositionEntry
from portfolio.selectors import balances
from portfolio.services import account_lock, account_open, fill_post, ledger_verify, positions_rebuild
from tests.portfolio.conftest import CAPITAL, NOON, book, fresh

pytestmark = pytest.mark.django_db

# quantity, price, fee, day: builds, reduces, flips short, covers, ends long
STORY = [
    ("10", "100", "1", 0),
    ("5", "110", "1", 1),
    ("-8", "120", "2", 2),
    ("-17", "115", "3", 3),
    ("13", "90", "1", 4),
]


def state(account):
    """What a reader sees of an account after its fills."""
    kept = fresh(account)
    sleeves = Position.objects.filter(account=account).values_list(
        "deployment_key", "quantity", "cost", "realised", "fees", "opened_at", "updated_at"
    )
    return (kept.cash, kept.realised, kept.fees, kept.net_deposits, sorted(sleeves))


def first_fill(account, instrument):
    return {
        "account": account,
        "instrument": instrument,
        "deployment_key": "",
        "quantity": Decimal(1),
        "price": Decimal(100),
        "fee": Decimal(1),
        "executed_at": NOON,
        "source": "venue:1",
    }


def test_a_buy_moves_cash_into_a_position(account, acme):
    entry, position = book(account, acme, "10", "100.5", fee="1.25")
    kept = fresh(account)
    assert (kept.cash, kept.fees, kept.realised) == (CAPITAL - Decimal("1006.25"), Decimal("1.25"), 0)
    assert (position.quantity, position.cost, position.fees) == (10, 1005, Decimal("1.25"))
    assert (position.opened_at, position.updated_at, entry.realised) == (NOON, NOON, 0)


def test_the_law_of_the_ledger_holds_after_every_fill(account, acme, future):
    """cash + market value = net deposits + realised + unrealised - fees. Seen red: fees left out of the cash leg."""
    mark = {acme.pk: Decimal("101.37"), future.pk: Decimal("9.5")}
    for quantity, price, fee, day in STORY:
        book(account, acme, quantity, price, fee=fee, day=day)
        book(account, future, str(-Decimal(quantity)), price, fee=fee, day=day, key="7")
        kept = fresh(account)
        money = balances(kept, mark)
        assert money.equity == kept.net_deposits + kept.realised + money.unrealised - kept.fees
    assert ledger_verify() == []
    assert positions_rebuild() == []


def test_a_flip_goes_short_and_realises_the_long(account, acme):
    book(account, acme, "10", "100")
    entry, position = book(account, acme, "-25", "104", day=1)
    assert (position.quantity, position.cost, position.realised) == (-15, -1560, 40)
    assert (entry.realised, position.opened_at) == (40, NOON + timedelta(days=1))


def test_a_delivery_twice_changes_nothing(account, acme):
    """Seen red: without the look-up by source the second delivery fails on the unique key instead."""
    first, _ = book(account, acme, "10", "100", fee="1", source="venue:7")
    before = state(account), LedgerTransaction.objects.count(), LedgerEntry.objects.count()
    again, position = book(account, acme, "10", "100", fee="1", source="venue:7")
    assert (again.pk, position.quantity) == (first.pk, 10)
    assert (state(account), LedgerTransaction.objects.count(), LedgerEntry.objects.count()) == before


@pytest.mark.parametrize(
    "change",
    [{"quantity": "11"}, {"price": "101"}, {"fee": "2"}, {"day": 1}, {"key": "3"}],
    ids=lambda c: next(iter(c)),
)
def test_one_source_never_means_two_fills(account, acme, change):
    book(account, acme, "10", "100", fee="1", source="venue:7")
    asked = {"quantity": "10", "price": "100", "fee": "1", **change}
    with pytest.raises(Conflict, match="SOURCE_REUSED"):
        book(account, acme, asked.pop("quantity"), asked.pop("price"), source="venue:7", **asked)


def test_a_source_belongs_to_one_account(account, acme, alice, feed):
    other = account_open(owner=alice, name="Other", feed=feed, capital=CAPITAL)
    book(account, acme, "10", "100", source="venue:7")
    with pytest.raises(Conflict, match="SOURCE_REUSED"):
        book(other, acme, "10", "100", source="venue:7")
    assert fresh(other).cash == CAPITAL


@pytest.mark.parametrize("order", [order for order in itertools.permutations(range(5)) if order[0] != 0][::7])
def test_the_order_of_arrival_changes_nothing(account, acme, order):
    """Fills fold by execution time. Seen red: folding in order of arrival gives other realised profit and cost."""
    for number in order:
        quantity, price, fee, day = STORY[number]
        book(account, acme, quantity, price, fee=fee, day=day, source=f"venue:{number}")
    late = state(account)
    assert positions_rebuild() == []
    assert ledger_verify() == []
    assert late[0] == CAPITAL + sum(-Decimal(q) * Decimal(p) - Decimal(f) for q, p, f, _ in STORY)
    sleeve = late[-1][0]
    # By hand: 15 cost 1550; 8 sold leave 7 at 723.33333333; 17 sold close them and short 10 at 115; 13 bought cover.
    assert sleeve[1:5] == (3, 270, Decimal("465.00000000"), 8)
    assert sum(PositionEntry.objects.values_list("realised", flat=True)) == sleeve[3]


def test_fills_of_one_instant_fold_in_the_order_they_came(account, acme):
    book(account, acme, "10", "100")
    book(account, acme, "-10", "101")
    _, position = book(account, acme, "10", "102")
    assert (position.quantity, position.cost, position.realised) == (10, 1020, 10)
    assert positions_rebuild() == []


def test_sleeves_of_one_symbol_stay_apart(account, acme):
    """Two deployments on opposite sides: the account is flat in sum, and each sleeve has its own cost."""
    book(account, acme, "10", "100", key="1")
    book(account, acme, "-10", "104", key="2")
    costs = dict(Position.objects.values_list("deployment_key", "cost"))
    assert costs == {"1": 1000, "2": -1040}
    assert fresh(account).realised == 0


@pytest.mark.parametrize(
    ("quantity", "price"), [("0", "1"), ("NaN", "1"), ("1", "Infinity"), ("1", "0.000000001"), ("100000000000", "1")]
)
def test_numbers_the_ledger_cannot_hold_are_refused(account, acme, quantity, price):
    with pytest.raises(InvalidInput):
        book(account, acme, quantity, price)
    assert PositionEntry.objects.count() == 0


def test_an_instrument_in_another_currency_is_refused(account, acme):
    acme.currency = "EUR"
    with pytest.raises(Unprocessable, match="CURRENCY_MISMATCH"):
        book(account, acme, "1", "1")


def test_a_fill_that_fails_books_nothing(account, acme, monkeypatch):
    """Even when the caller goes on. Seen red: without atomic around the booking the entry stays behind."""
    monkeypatch.setattr(Position, "save", lambda self: (_ for _ in ()).throw(RuntimeError("stop")))
    with transaction.atomic():
        locked = account_lock(account.pk)
        with pytest.raises(RuntimeError):
            fill_post(**first_fill(locked, acme))
    assert (PositionEntry.objects.count(), fresh(account).cash) == (0, CAPITAL)


def test_the_caller_s_copy_of_the_account_follows(account, acme):
    with transaction.atomic():
        locked = account_lock(account.pk)
        fill_post(**first_fill(locked, acme))
        assert locked.cash == fresh(account).cash == CAPITAL - 101


def test_queries_of_one_fill(account, acme, django_assert_num_queries):
    # look up the source, read the sleeve, insert entry, booking, legs, move the balances, insert the sleeve;
    # begin and release of one savepoint around the fill
    with transaction.atomic():
        locked = account_lock(account.pk)
        with django_assert_num_queries(9):
            fill_post(**first_fill(locked, acme))
