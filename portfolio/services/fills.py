"""Booking fills: entry, ledger, sleeve and balances in one transaction, once per source."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from marketdata.models import Instrument
from operations.errors import Conflict, InvalidInput, Unprocessable
from operations.fields import exact_decimal
from portfolio.accounting import SleeveFold, cash_move, sleeve_fold
from portfolio.models import Account, LedgerAccount, Position, PositionEntry, TransactionKind
from portfolio.services.ledger import ledger_post


@transaction.atomic
def fill_post(
    *,
    account: Account,
    instrument: Instrument,
    deployment_key: str,
    quantity: Decimal,
    price: Decimal,
    fee: Decimal,
    executed_at: datetime,
    source: str,
) -> tuple[PositionEntry, Position]:
    """Book one signed fill on a sleeve; a fill booked before is returned as it is.

    The caller holds the account's lock. Fills fold by execution time: one that arrives late changes what the later
    ones realised, and its booking carries the difference, so the order of arrival changes nothing.
    """
    sleeve = {"account": account, "instrument": instrument, "deployment_key": deployment_key}
    entry = PositionEntry(
        **sleeve,
        quantity=_exact("quantity", quantity),
        price=_exact("price", price),
        fee=_exact("fee", fee),
        executed_at=executed_at,
        source=source,
    )
    if not entry.quantity:
        raise InvalidInput("QUANTITY_INVALID", "A fill has a quantity.", quantity=str(quantity))
    if instrument.currency != account.currency:
        raise Unprocessable(
            "CURRENCY_MISMATCH",
            f"{instrument.symbol} trades in {instrument.currency}, the account is in {account.currency}.",
        )
    booked = PositionEntry.objects.filter(source=source).first()
    if booked is not None:
        return _same(booked, entry), Position.objects.get(**sleeve)
    position = Position.objects.filter(**sleeve).first() or Position(**sleeve, **_FLAT)
    fold = _fold(position, entry, instrument.multiplier)
    entry.realised = fold.realised - position.realised
    entry.save(force_insert=True)
    _fill_book(account, entry, instrument.multiplier, fold.cost - position.cost)
    _position_set(position, fold)
    return entry, position


_FLAT = {name: Decimal(0) for name in ("quantity", "cost", "realised", "fees")}


def _exact(name: str, value: Decimal) -> Decimal:
    try:
        return exact_decimal(value)
    except ValueError as error:
        raise InvalidInput("NUMBER_INVALID", f"{name}: {error}", field=name, value=str(value)) from error


def _same(booked: PositionEntry, entry: PositionEntry) -> PositionEntry:
    """The entry booked under this source when it says the same; one source never means two fills."""
    names = ("account_id", "instrument_id", "deployment_key", "quantity", "price", "fee", "executed_at")
    differing = [name for name in names if getattr(booked, name) != getattr(entry, name)]
    if differing:
        raise Conflict("SOURCE_REUSED", "Another fill was booked under this source.", source=entry.source, on=differing)
    return booked


def _fold(position: Position, entry: PositionEntry, multiplier: Decimal) -> SleeveFold:
    """The sleeve with the new entry in its place: appended, or, when it is late, folded anew."""
    late = position.updated_at is not None and entry.executed_at < position.updated_at
    if not late:
        start = SleeveFold(
            position.quantity, position.cost, position.realised, position.fees, position.opened_at, position.updated_at
        )
        return sleeve_fold([entry], multiplier, start)
    earlier = PositionEntry.objects.filter(
        account=entry.account, instrument=entry.instrument, deployment_key=entry.deployment_key
    )
    # Entries of one instant stay in the order they were booked in: sorting is stable and the new one is last.
    in_order = sorted([*earlier.order_by("executed_at", "id"), entry], key=lambda each: each.executed_at)
    return sleeve_fold(in_order, multiplier)


def _fill_book(account: Account, entry: PositionEntry, multiplier: Decimal, cost_change: Decimal) -> None:
    ledger_post(
        account=account,
        kind=TransactionKind.FILL,
        source_type="fill",
        source_id=entry.source,
        legs={
            LedgerAccount.CASH: cash_move(entry.quantity, entry.price, multiplier, entry.fee),
            LedgerAccount.POSITIONS: cost_change,
            LedgerAccount.REALISED: -entry.realised,
            LedgerAccount.FEES: entry.fee,
        },
        market_time=entry.executed_at,
    )


def _position_set(position: Position, fold: SleeveFold) -> None:
    for name, value in fold._asdict().items():
        setattr(position, name, value)
    position.save()
