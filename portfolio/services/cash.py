"""Deposits and withdrawals on paper accounts."""

from decimal import Decimal
from typing import Any

from django.db import transaction

from operations.errors import InvalidInput, Unprocessable
from operations.services import audit_append, event_publish
from portfolio.models import Account, Environment, LedgerAccount, LedgerTransaction
from portfolio.services.accounts import account_lock
from portfolio.services.ledger import ledger_deposit


def cash_deposit(*, account_id: int, amount: Decimal, actor: Any, key: str) -> LedgerTransaction:
    """Put money into a paper account, once per `key`. Locks the account."""
    return _cash_move(account_id=account_id, amount=amount, sign=1, actor=actor, key=key)


def cash_withdraw(*, account_id: int, amount: Decimal, actor: Any, key: str) -> LedgerTransaction:
    """Take money out of a paper account, once per `key`, at most its cash less reserves. Locks the account."""
    return _cash_move(account_id=account_id, amount=amount, sign=-1, actor=actor, key=key)


@transaction.atomic
def _cash_move(*, account_id: int, amount: Decimal, sign: int, actor: Any, key: str) -> LedgerTransaction:
    if not amount.is_finite() or amount <= 0:
        raise InvalidInput("AMOUNT_INVALID", "The amount must be above zero.", amount=str(amount))
    if not 1 <= len(key) <= 100 or not key.isprintable():
        raise InvalidInput("KEY_INVALID", "The key of a transfer has 1 to 100 printable characters.")
    account = account_lock(account_id)
    _paper_check(account)
    booked = _booked(account, f"api:{key}")
    if booked is not None:
        return _same(booked, sign * amount)
    if sign < 0 and amount > account.cash - account.reserved:
        raise Unprocessable(
            "CASH_INSUFFICIENT",
            "The account has less free cash than that.",
            amount=amount,
            free=max(account.cash - account.reserved, Decimal(0)),
        )
    market_time = account.feed.market_time if account.feed else None
    booking = ledger_deposit(account=account, amount=sign * amount, key=f"api:{key}", market_time=market_time)
    audit_append(
        stream=account.stream,
        action=f"cash.{booking.kind}",
        actor=actor,
        target=account.stream,
        after={"amount": amount, "key": key, "cash": account.cash, "net_deposits": account.net_deposits},
        market_time=market_time,
    )
    event_publish(stream=account.stream, kind="account.changed", payload={"put": {}}, market_time=market_time)
    return booking


def _paper_check(account: Account) -> None:
    if account.environment != Environment.PAPER:
        raise Unprocessable("PAPER_ONLY", "Money of a test or live account moves at its venue.")
    if account.archived_at is not None:
        raise Unprocessable("ACCOUNT_ARCHIVED", "The account is archived.")


def _booked(account: Account, key: str) -> LedgerTransaction | None:
    return LedgerTransaction.objects.filter(source_type="cash", source_id=f"{account.pk}:{key}").first()


def _same(booking: LedgerTransaction, amount: Decimal) -> LedgerTransaction:
    """The booking of this key when it moved the same amount; another amount is another wish."""
    if booking.entries.get(ledger_account=LedgerAccount.CASH).amount != amount:
        raise Unprocessable("KEY_REUSED", "This key moved another amount before; use a new key.")
    return booking
