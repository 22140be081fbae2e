"""The user's exposure to one instrument over all their accounts, kept beside every order and fill."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import structlog
from django.db import transaction

from marketdata.models import Instrument
from portfolio.models import Account
from risk.models import UserExposure

log = structlog.get_logger(__name__)
ZERO = Decimal(0)


@transaction.atomic(savepoint=False)
def exposure_lock(*, account: Account, instruments: Iterable[Instrument]) -> dict[int, UserExposure]:
    """Lock the rows of the account's owner, environment and currency until the transaction ends; by instrument id.

    The account is locked first. Rows that are missing are made, so that there is something to lock; instruments are
    taken in the order of their ids, so that two accounts of one owner cannot wait for each other.
    """
    return {key: _lock(account, key) for key in sorted({instrument.pk for instrument in instruments})}


@transaction.atomic(savepoint=False)
def exposure_adjust(
    *, account: Account, instrument: Instrument, held: Decimal = ZERO, reserved: Decimal = ZERO
) -> UserExposure:
    """Add to what is held and asked for (quantities without sign). Locks the row; the account is locked before.

    Neither falls below zero: a fill is a fact and is booked whatever this row says, but the log tells of it.
    """
    row = _lock(account, instrument.pk)
    after = row.held + held, row.reserved + reserved
    if min(after) < 0:
        log.warning(
            "exposure_below_zero", account=account.pk, instrument=instrument.pk, held=after[0], reserved=after[1]
        )
    row.held, row.reserved = (max(value, ZERO) for value in after)
    row.save(update_fields=["held", "reserved"])
    return row


def _lock(account: Account, instrument_id: int) -> UserExposure:
    key: dict[str, Any] = {
        "owner_id": account.owner_id,
        "environment": account.environment,
        "currency": account.currency,
        "instrument_id": instrument_id,
    }
    rows = UserExposure.objects.select_for_update()
    row = rows.filter(**key).first()
    if row is None:
        UserExposure.objects.get_or_create(**key)
        row = rows.get(**key)
    return row
