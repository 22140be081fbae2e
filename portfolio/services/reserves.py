"""Reserves: money an opening order holds, carried by the ledger as a memorandum pair."""

from decimal import Decimal

from django.db import transaction

from operations.errors import Conflict, InvalidInput
from operations.fields import exact_decimal
from portfolio.models import Account, LedgerAccount, Reserve, TransactionKind
from portfolio.services.ledger import ledger_post


@transaction.atomic(savepoint=False)
def reserve_hold(*, account: Account, source: str, amount: Decimal) -> Reserve:
    """Hold money for an order, once per source. The caller holds the account's lock."""
    amount = _exact(amount)
    if amount <= 0:
        raise InvalidInput("AMOUNT_INVALID", "A reserve is above zero.", amount=str(amount))
    held = Reserve.objects.filter(source=source).first()
    if held is not None:
        if (held.account_id, held.amount) != (account.pk, amount):
            raise Conflict("SOURCE_REUSED", "This order reserved another amount before.", source=source)
        return held
    reserve = Reserve.objects.create(account=account, source=source, amount=amount, remaining=amount)
    _book(account, TransactionKind.RESERVE, source, amount)
    return reserve


@transaction.atomic(savepoint=False)
def reserve_release(*, account: Account, source: str, amount: Decimal | None = None) -> Reserve | None:
    """Give back part of an order's reserve, or all that remains; never more than that.

    None when the order reserved nothing. The caller holds the account's lock; a release without an amount may be
    repeated, one with an amount belongs to one fill and is the caller's to make once.
    """
    reserve = Reserve.objects.filter(account=account, source=source).first()
    if reserve is None:
        return None
    if amount is not None and (amount := _exact(amount)) < 0:
        raise InvalidInput("AMOUNT_INVALID", "A release is zero or more.", amount=str(amount))
    released = reserve.remaining if amount is None else min(amount, reserve.remaining)
    if released:
        reserve.remaining -= released
        reserve.releases += 1
        reserve.save(update_fields=["remaining", "releases"])
        _book(account, TransactionKind.RELEASE, f"{source}:{reserve.releases}", -released)
    return reserve


def _book(account: Account, kind: str, source_id: str, amount: Decimal) -> None:
    ledger_post(
        account=account,
        kind=kind,
        source_type=kind,
        source_id=source_id,
        legs={LedgerAccount.RESERVED: amount, LedgerAccount.RESERVE_CONTRA: -amount},
        market_time=None,
    )


def _exact(amount: Decimal) -> Decimal:
    try:
        return exact_decimal(amount)
    except ValueError as error:
        raise InvalidInput("AMOUNT_INVALID", str(error), amount=str(amount)) from error
