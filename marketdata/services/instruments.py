"""Instruments come into being and change."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from marketdata import calendars
from marketdata.models import Instrument
from operations.errors import Conflict, InvalidInput
from operations.services import audit_append

CHANGEABLE = frozenset(
    {
        "name",
        "kind",
        "currency",
        "calendar",
        "tick",
        "step",
        "multiplier",
        "minimum_quantity",
        "first_bar_on",
        "last_bar_on",
        "tradable",
    }
)
# Stored bars and open positions mean something else after a change of these.
FIXED = frozenset({"calendar", "currency", "multiplier"})


@transaction.atomic
def instrument_upsert(*, symbol: str, exchange: str = "", actor: Any = None, **fields: Any) -> Instrument:
    """Create the instrument, or change the named fields of the one there is.

    Calendar, currency and multiplier are fixed once the instrument exists. Audited on the site stream.
    """
    if unknown := set(fields) - CHANGEABLE:
        raise InvalidInput("FIELD_UNKNOWN", f"An instrument has no {', '.join(sorted(unknown))}.")
    found = Instrument.objects.select_for_update().filter(symbol=symbol, exchange=exchange).first()
    instrument = found or Instrument(symbol=symbol, exchange=exchange)
    before = {name: getattr(found, name) for name in fields} if found else None
    if found and (changed := sorted(name for name in FIXED & set(fields) if getattr(found, name) != fields[name])):
        message = f"{symbol} exists with another {' and '.join(changed)}, which cannot change."
        raise Conflict("INSTRUMENT_FIXED", message, symbol=symbol, fields=changed)
    for name, value in fields.items():
        setattr(instrument, name, value)
    if before == {name: getattr(instrument, name) for name in fields}:
        return instrument
    _check(instrument)
    try:
        with transaction.atomic():
            instrument.save()
    except IntegrityError:
        if found or not Instrument.objects.filter(symbol=symbol, exchange=exchange).exists():
            raise
        # Somebody else created it a moment ago: change theirs.
        return instrument_upsert(symbol=symbol, exchange=exchange, actor=actor, **fields)
    audit_append(
        stream="site",
        action="instrument.change" if found else "instrument.create",
        actor=actor,
        target=f"instrument:{instrument.pk}",
        before=before,
        after={"symbol": symbol, "exchange": exchange, **fields},
    )
    return instrument


def _check(instrument: Instrument) -> None:
    calendars.calendar_get(instrument.calendar)
    try:
        instrument.full_clean(validate_unique=False)
    except ValidationError as error:
        words = "; ".join(f"{name.strip('_')}: {' '.join(texts)}" for name, texts in error.message_dict.items())
        raise InvalidInput("INSTRUMENT_INVALID", words, symbol=instrument.symbol) from error
