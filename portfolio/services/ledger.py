"""Posting to the ledger: the only place that writes entries, and with them the balances of the account."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Value

from operations.fields import ExactDecimalField
from portfolio.models import Account, LedgerAccount, LedgerEntry, LedgerTransaction, TransactionKind

# The balance on the account that a ledger account adds up to, and the sign between the two.
BALANCES: dict[str, tuple[str, int]] = {
    LedgerAccount.CASH: ("cash", 1),
    LedgerAccount.RESERVED: ("reserved", 1),
    LedgerAccount.DEPOSITS: ("net_deposits", -1),
    LedgerAccount.REALISED: ("realised", -1),
    LedgerAccount.INCOME: ("income", -1),
    LedgerAccount.FEES: ("fees", 1),
    LedgerAccount.FINANCING: ("financing", 1),
}


def ledger_post(
    *,
    account: Account,
    kind: str,
    source_type: str,
    source_id: str,
    legs: Mapping[str, Decimal],
    market_time: datetime | None,
) -> LedgerTransaction | None:
    """Write one booking and move the balances; None when nothing moves.

    The caller holds the account's lock and has seen that this source is new. The legs must sum to zero.
    """
    moving = {name: amount for name, amount in legs.items() if amount}
    if sum(moving.values(), Decimal(0)) != 0:
        raise ValueError(f"the legs of {source_type} {source_id} do not sum to zero: {moving}")
    if not moving:
        return None
    with transaction.atomic(savepoint=False):
        booking = LedgerTransaction.objects.create(
            account=account, kind=kind, source_type=source_type, source_id=source_id, market_time=market_time
        )
        LedgerEntry.objects.bulk_create(
            LedgerEntry(transaction=booking, leg=leg, ledger_account=name, currency=account.currency, amount=amount)
            for leg, (name, amount) in enumerate(moving.items(), start=1)
        )
        _balances_move(account, moving)
    return booking


def _balances_move(account: Account, legs: Mapping[str, Decimal]) -> None:
    moves = {BALANCES[name][0]: BALANCES[name][1] * amount for name, amount in legs.items() if name in BALANCES}
    if not moves:
        return
    # The stored balance moves by the difference, whatever the caller's copy of the row says.
    Account.objects.filter(pk=account.pk).update(
        **{name: F(name) + Value(move, output_field=ExactDecimalField()) for name, move in moves.items()}
    )
    for name, move in moves.items():
        setattr(account, name, getattr(account, name) + move)


def ledger_deposit(*, account: Account, amount: Decimal, key: str, market_time: datetime | None) -> LedgerTransaction:
    """Book money coming in (negative: going out) under `key`, which is single within the account."""
    booking = ledger_post(
        account=account,
        kind=TransactionKind.DEPOSIT if amount > 0 else TransactionKind.WITHDRAWAL,
        source_type="cash",
        source_id=f"{account.pk}:{key}",
        legs={LedgerAccount.CASH: amount, LedgerAccount.DEPOSITS: -amount},
        market_time=market_time,
    )
    if booking is None:
        raise ValueError("a deposit of nothing is no booking")
    return booking
