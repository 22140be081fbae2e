"""Deriving balances and sleeves again from entries, and comparing."""

from collections.abc import Iterator
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, QuerySet, Sum

from operations.services import audit_append, event_publish
from portfolio.accounting import SleeveFold, cash_move, sleeve_fold
from portfolio.models import (
    Account,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    Position,
    PositionEntry,
    Reserve,
    TransactionKind,
)
from portfolio.services.accounts import account_lock
from portfolio.services.ledger import BALANCES

_ZERO = Decimal(0)


def ledger_verify(account: Account | None = None) -> list[str]:
    """Every place where ledger, balances, sleeves, reserves and fills disagree; an empty list means they hold.

    Takes each account's lock in turn, so that a posting in progress is not taken for a difference.
    """
    return [f"account {key}: {found}" for key in _account_ids(account) for found in _account_breaks(key)]


@transaction.atomic
def _account_breaks(account_id: int) -> list[str]:
    account = account_lock(account_id)
    return [
        *_unbalanced(account),
        *_balances_differing(account),
        *_sleeves_differing_from_ledger(account),
        *_fills_differing_from_ledger(account),
    ]


def _account_ids(account: Account | None) -> list[int]:
    return [account.pk] if account is not None else list(Account.objects.order_by("pk").values_list("pk", flat=True))


def _unbalanced(account: Account) -> Iterator[str]:
    entries = LedgerEntry.objects.filter(transaction__account=account).order_by()
    sums = entries.values("transaction_id", "currency").annotate(total=Sum("amount"))
    for row in sums.exclude(total=_ZERO):
        yield f"transaction {row['transaction_id']} is off by {row['total']} {row['currency']}"
    for number in entries.exclude(currency=account.currency).values_list("transaction_id", flat=True).distinct():
        yield f"transaction {number} is in another currency than the account"
    empty = LedgerTransaction.objects.filter(account=account).annotate(legs=Count("entries")).filter(legs__lt=2)
    for number in empty.order_by("pk").values_list("pk", flat=True):
        yield f"transaction {number} has fewer than two entries"


def _balances_differing(account: Account) -> Iterator[str]:
    totals = _totals(account)
    for name, (balance, sign) in BALANCES.items():
        derived = sign * totals.get(name, _ZERO)
        if getattr(account, balance) != derived:
            yield f"{balance} is kept as {getattr(account, balance)}, the ledger says {derived}"


def _sleeves_differing_from_ledger(account: Account) -> Iterator[str]:
    totals = _totals(account)
    kept = Position.objects.filter(account=account).order_by().aggregate(cost=Sum("cost"), fees=Sum("fees"))
    for name, found in ((LedgerAccount.POSITIONS, kept["cost"]), (LedgerAccount.FEES, kept["fees"])):
        if totals.get(name, _ZERO) != (found or _ZERO):
            yield f"sleeves say {found or _ZERO} for {name}, the ledger says {totals.get(name, _ZERO)}"
    held = Reserve.objects.filter(account=account).order_by().aggregate(held=Sum("remaining"))["held"] or _ZERO
    if totals.get(LedgerAccount.RESERVED, _ZERO) != held:
        yield f"orders hold {held} in reserve, the ledger says {totals.get(LedgerAccount.RESERVED, _ZERO)}"


def _fills_differing_from_ledger(account: Account) -> Iterator[str]:
    cash = LedgerEntry.objects.filter(
        transaction__account=account, transaction__kind=TransactionKind.FILL, ledger_account=LedgerAccount.CASH
    )
    booked = dict(cash.order_by().values_list("transaction__source_id", "amount"))
    for entry in _entries(account).select_related("instrument"):
        wanted = cash_move(entry.quantity, entry.price, entry.instrument.multiplier, entry.fee)
        found = booked.pop(entry.source, _ZERO)
        if found != wanted:
            yield f"fill {entry.source} moved {found} in cash, its entry says {wanted}"
    for source in sorted(booked):
        yield f"booking of fill {source} has no position entry"


def _totals(account: Account) -> dict[str, Decimal]:
    entries = LedgerEntry.objects.filter(transaction__account=account).order_by()
    return dict(entries.values("ledger_account").annotate(total=Sum("amount")).values_list("ledger_account", "total"))


def _entries(account: Account) -> QuerySet[PositionEntry]:
    return PositionEntry.objects.filter(account=account).order_by("executed_at", "id")


def positions_rebuild(account: Account | None = None, apply: bool = False) -> list[str]:
    """Fold every sleeve again from its entries and list what differs; with `apply`, put it right.

    Takes each account's lock in turn. What is put right is audited; the ledger is never touched.
    """
    found = []
    for key in _account_ids(account):
        found += [f"account {key}: {difference}" for difference in _positions_rebuild(key, apply)]
    return found


@transaction.atomic
def _positions_rebuild(account_id: int, apply: bool) -> list[str]:
    account = account_lock(account_id)
    derived = _sleeves_derived(account)
    kept = {(each.instrument_id, each.deployment_key): each for each in Position.objects.filter(account=account)}
    found = []
    for key in sorted({*derived, *kept}):
        instrument_id, deployment_key = key
        position = kept.get(key) or Position(
            account=account, instrument_id=instrument_id, deployment_key=deployment_key
        )
        fold = derived.get(key, SleeveFold())
        differing = [name for name, value in fold._asdict().items() if getattr(position, name) != value]
        if key in kept and not differing:
            continue
        found.append(_difference(key, position if key in kept else None, fold, differing))
        if apply:
            for name, value in fold._asdict().items():
                setattr(position, name, value)
            position.save()
    if found and apply:
        audit_append(stream=account.stream, action="positions.rebuilt", target=account.stream, after=found)
        event_publish(stream=account.stream, kind="account.changed", payload={"put": {}})
    return found


def _sleeves_derived(account: Account) -> dict[tuple[int, str], SleeveFold]:
    derived: dict[tuple[int, str], SleeveFold] = {}
    for entry in _entries(account).select_related("instrument"):
        key = (entry.instrument_id, entry.deployment_key)
        derived[key] = sleeve_fold([entry], entry.instrument.multiplier, derived.get(key))
    return derived


def _difference(key: tuple[int, str], kept: Position | None, fold: SleeveFold, names: list[str]) -> str:
    sleeve = f"instrument {key[0]}, {'deployment ' + key[1] if key[1] else 'manual'}"
    if kept is None:
        return f"{sleeve}: no sleeve is kept, its entries say {fold.quantity} at cost {fold.cost}"
    parts = (f"{name} is {getattr(kept, name)}, its entries say {getattr(fold, name)}" for name in names)
    return f"{sleeve}: {'; '.join(parts)}"
