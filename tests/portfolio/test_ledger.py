"""The ledger: zero-sum, append-only, fixed accounts, reserves, cash, and what verification finds."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from operations.errors import Conflict, InvalidInput, NotFound, Unprocessable
from operations.models import AuditEvent, Event
from portfolio.models import Account, LedgerEntry, LedgerTransaction, Position, PositionEntry, Reserve
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
from portfolio.services.ledger import ledger_post
from tests.portfolio.conftest import CAPITAL, book, fresh

pytestmark = pytest.mark.django_db


def hold(account, source, amount):
    with transaction.atomic():
        return reserve_hold(account=account_lock(account.pk), source=source, amount=Decimal(amount))


def release(account, source, amount=None):
    with transaction.atomic():
        amount = None if amount is None else Decimal(amount)
        return reserve_release(account=account_lock(account.pk), source=source, amount=amount)


def command(name, *arguments):
    """The exit code and what the command printed."""
    printed = StringIO()
    try:
        call_command(name, *arguments, stdout=printed, stderr=printed)
    except SystemExit as end:
        return end.code, printed.getvalue()
    return 0, printed.getvalue()


# --- append-only ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [LedgerTransaction, LedgerEntry, PositionEntry], ids=lambda model: model.__name__)
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_rows_of_record_can_neither_be_changed_nor_deleted(account, acme, model, verb):
    """By anybody, on either database. Seen red: with the trigger of each table dropped."""
    book(account, acme, "10", "100")
    row = model.objects.first()
    table = connection.ops.quote_name(model._meta.db_table)
    change = {"update": f"UPDATE {table} SET id = id", "delete": f"DELETE FROM {table}"}[verb]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{change} WHERE id = %s", [row.pk])
    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(("name", "value"), [("environment", "live"), ("currency", "EUR")])
def test_environment_and_currency_are_fixed(account, name, value):
    """In the model, in its querysets, and in the database. Seen red: each of the three guards taken out."""
    loaded = fresh(account)
    setattr(loaded, name, value)
    with pytest.raises(ValidationError, match="cannot be changed"):
        loaded.save()
    setattr(account, name, value)
    with pytest.raises(ValidationError, match="cannot be changed"):
        account.save()
    with pytest.raises(ValidationError, match="cannot be changed"):
        Account.objects.filter(pk=account.pk).update(**{name: value})
    with pytest.raises(DatabaseError, match="fixed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE portfolio_account SET {name} = %s WHERE id = %s", [value, account.pk])
    assert getattr(fresh(account), name) != value


def test_other_changes_of_an_account_pass(account):
    account.name = "Renamed"
    account.save()
    Account.objects.filter(pk=account.pk).update(matched_event=4)
    assert (fresh(account).name, fresh(account).matched_event) == ("Renamed", 4)


@pytest.mark.parametrize("amount", ["90000000000", "-90000000000"])
def test_the_database_bounds_money_on_both_sides(account, amount):
    """An upper bound too: NaN is above every number in PostgreSQL."""
    with pytest.raises(DatabaseError), transaction.atomic():
        Account.objects.filter(pk=account.pk).update(cash=Decimal(amount))


# --- zero-sum ---------------------------------------------------------------------------------------------------------


def test_legs_that_do_not_sum_to_zero_are_not_posted(account):
    """Seen red: without the check the row is written, and only verification or PostgreSQL's trigger sees it."""
    with pytest.raises(ValueError, match="do not sum to zero"):
        ledger_post(
            account=account,
            kind="deposit",
            source_type="cash",
            source_id="x",
            legs={"CASH": Decimal(5), "DEPOSITS": Decimal(-4)},
            market_time=None,
        )
    assert not LedgerTransaction.objects.filter(source_id="x").exists()


def unbalanced(account, amount="5"):
    booking = LedgerTransaction.objects.create(account=account, kind="deposit", source_type="cash", source_id="crooked")
    if amount:
        LedgerEntry.objects.create(
            transaction=booking, leg=1, ledger_account="CASH", currency="USD", amount=Decimal(amount)
        )
    return booking


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no deferred triggers")
@pytest.mark.parametrize("amount", ["5", None])
def test_postgresql_refuses_an_unbalanced_booking_at_commit(account, amount):
    """Seen red: with the constraint trigger dropped."""
    unbalanced(account, amount)
    with pytest.raises(DatabaseError, match=r"sum to zero|no entries"), transaction.atomic():
        connection.check_constraints()
    connection.set_rollback(True)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL refuses the row itself")
def test_verification_finds_an_unbalanced_booking(account):
    unbalanced(account)
    assert any("is off by 5" in found for found in ledger_verify())
    assert any("cash is kept as" in found for found in ledger_verify())


# --- reserves ---------------------------------------------------------------------------------------------------------


def test_a_reserve_is_held_released_in_part_and_ended(account):
    hold(account, "order-1", "1000")
    assert fresh(account).reserved == 1000
    release(account, "order-1", "400.25")
    assert (fresh(account).reserved, Reserve.objects.get().remaining) == (Decimal("599.75"), Decimal("599.75"))
    release(account, "order-1")
    release(account, "order-1")
    kept = fresh(account)
    assert (kept.reserved, kept.cash) == (0, CAPITAL)
    assert ledger_verify() == []


def test_a_reserve_is_held_once(account):
    """Seen red: without the look-up by source the second hold fails on the unique key."""
    assert hold(account, "order-1", "1000").pk == hold(account, "order-1", "1000").pk
    assert fresh(account).reserved == 1000
    with pytest.raises(Conflict, match="SOURCE_REUSED"):
        hold(account, "order-1", "1001")


def test_a_release_gives_back_no_more_than_remains(account):
    hold(account, "order-1", "1000")
    assert release(account, "order-1", "5000").remaining == 0
    assert fresh(account).reserved == 0


def test_an_order_without_a_reserve_releases_nothing(account):
    assert release(account, "order-9") is None


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "0.000000001"])
def test_a_reserve_is_a_positive_exact_amount(account, amount):
    with pytest.raises(InvalidInput):
        hold(account, "order-1", amount)


# --- cash -------------------------------------------------------------------------------------------------------------


def test_a_deposit_is_booked_once_per_key(account, alice):
    """Seen red: without the look-up by key the second call fails on the unique source."""
    first = cash_deposit(account_id=account.pk, amount=Decimal("250.5"), actor=alice, key="k1")
    again = cash_deposit(account_id=account.pk, amount=Decimal("250.5"), actor=alice, key="k1")
    kept = fresh(account)
    assert (first.pk, kept.cash, kept.net_deposits) == (
        again.pk,
        CAPITAL + Decimal("250.5"),
        CAPITAL + Decimal("250.5"),
    )
    assert first.market_time == account.feed.market_time
    with pytest.raises(Unprocessable, match="KEY_REUSED"):
        cash_deposit(account_id=account.pk, amount=Decimal(1), actor=alice, key="k1")
    assert AuditEvent.objects.filter(stream=account.stream, action="cash.deposit", actor=alice).count() == 1
    assert Event.objects.filter(stream=account.stream, kind="account.changed").count() == 2


def test_a_key_belongs_to_one_account(account, alice, feed):
    other = account_open(owner=alice, name="Other", feed=feed)
    for each in (account, other):
        cash_deposit(account_id=each.pk, amount=Decimal(1), actor=alice, key="opening")
    assert (fresh(account).cash, fresh(other).cash) == (CAPITAL + 1, 1)


def test_a_withdrawal_leaves_what_is_reserved(account, alice):
    hold(account, "order-1", "1000")
    with pytest.raises(Unprocessable, match="CASH_INSUFFICIENT"):
        cash_withdraw(account_id=account.pk, amount=CAPITAL - 999, actor=alice, key="k1")
    cash_withdraw(account_id=account.pk, amount=CAPITAL - 1000, actor=alice, key="k1")
    assert (fresh(account).cash, fresh(account).net_deposits) == (1000, 1000)
    assert ledger_verify() == []


@pytest.mark.parametrize("amount", ["0", "-5", "NaN", "Infinity"])
def test_a_transfer_is_above_zero(account, alice, amount):
    with pytest.raises(InvalidInput, match="AMOUNT_INVALID"):
        cash_deposit(account_id=account.pk, amount=Decimal(amount), actor=alice, key="k1")


def test_money_of_a_test_account_moves_at_its_venue(alice):
    account = account_open(owner=alice, name="Test", environment="test", capital=Decimal(5))
    with pytest.raises(Unprocessable, match="PAPER_ONLY"):
        cash_withdraw(account_id=account.pk, amount=Decimal(1), actor=alice, key="k1")


def test_no_such_account(alice):
    with pytest.raises(NotFound):
        cash_deposit(account_id=987654321, amount=Decimal(1), actor=alice, key="k1")


# --- verification -----------------------------------------------------------------------------------------------------


def test_the_commands_end_well_when_all_holds(account, acme):
    book(account, acme, "10", "100", fee="1")
    assert command("ledger_verify") == (0, "The ledger holds.\n")
    assert command("positions_rebuild", "--account", str(account.pk)) == (0, "Positions equal their entries.\n")


def test_ledger_verify_lists_a_moved_balance(account):
    Account.objects.filter(pk=account.pk).update(cash=CAPITAL + Decimal("0.01"))
    code, text = command("ledger_verify")
    assert code == 1
    assert f"account {account.pk}: cash is kept as 100000.01" in text
    assert "1 difference." in text


def test_ledger_verify_compares_sleeves_and_reserves(account, acme):
    book(account, acme, "10", "100", fee="1")
    hold(account, "order-1", "10")
    Position.objects.update(cost=Decimal(999), fees=Decimal(2))
    Reserve.objects.update(remaining=Decimal(9))
    found = "\n".join(ledger_verify(account))
    assert all(name in found for name in ("POSITIONS", "FEES", "reserve"))


def test_positions_rebuild_finds_and_mends_a_sleeve(account, acme, future):
    book(account, acme, "10", "100")
    book(account, future, "2", "10")
    Position.objects.filter(instrument=acme).update(quantity=Decimal(11))
    Position.objects.filter(instrument=future).delete()
    code, text = command("positions_rebuild")
    assert (code, "quantity is 11" in text, "no sleeve is kept" in text) == (1, True, True)
    assert Position.objects.get(instrument=acme).quantity == 11
    code, text = command("positions_rebuild", "--apply")
    assert (code, "2 differences put right." in text) == (1, True)
    assert command("positions_rebuild")[0] == 0
    assert ledger_verify() == []
    assert AuditEvent.objects.filter(stream=account.stream, action="positions.rebuilt").count() == 1


def test_positions_rebuild_empties_a_sleeve_without_entries(account, acme):
    Position.objects.create(account=account, instrument=acme, quantity=Decimal(5), cost=Decimal(50))
    assert len(positions_rebuild(account, apply=True)) == 1
    assert Position.objects.get().quantity == 0
