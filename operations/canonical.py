"""Values as plain JSON, and JSON as one spelling. Pure.

`jsonable` turns what services hold (Decimals, instants, UUIDs, rows of them) into what JSON, jsonb
and message brokers all carry unchanged; Decimals become strings without an exponent. `canonical`
spells such a value in exactly one way, so that a digest of it can be computed again.
"""

import datetime
import enum
import json
import math
import uuid
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any


def decimal_text(value: Decimal) -> str:
    """A Decimal in plain digits: no exponent, no trailing zeros after the point."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def instant_text(value: datetime.datetime) -> str:
    """An aware instant in UTC to the microsecond, ending in Z."""
    if value.tzinfo is None:
        raise ValueError("an instant must be aware")
    text = value.astimezone(datetime.UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


def jsonable(value: Any, *, floats_as_text: bool = False) -> Any:
    """`value` as None, bool, int, float, str, list and dict with string keys.

    Floats must be finite; `floats_as_text` writes them as text too, because jsonb does not keep
    their spelling. Characters that jsonb refuses (NUL, lone surrogates) become U+FFFD.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, enum.Enum):
        return jsonable(value.value, floats_as_text=floats_as_text)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return _clean_text(value)
    if isinstance(value, float):
        return _float(value, floats_as_text)
    if isinstance(value, Mapping):
        return {_clean_text(str(key)): jsonable(item, floats_as_text=floats_as_text) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item, floats_as_text=floats_as_text) for item in value]
    if isinstance(value, AbstractSet):
        return sorted((jsonable(item, floats_as_text=floats_as_text) for item in value), key=str)
    return _scalar_text(value)


def canonical(value: Any) -> str:
    """The one spelling of a jsonable value: sorted keys, no spaces, ASCII, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _float(value: float, as_text: bool) -> float | str:
    if as_text:
        return repr(float(value))
    if not math.isfinite(value):
        raise ValueError("NaN and infinity are not JSON")
    return float(value)


def _scalar_text(value: Any) -> str:
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime.datetime):
        return instant_text(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return repr(value.total_seconds())
    if isinstance(value, uuid.UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _clean_text(text: str) -> str:
    return text.replace("\x00", "\ufffd").encode("utf-8", "surrogatepass").decode("utf-8", "replace")
