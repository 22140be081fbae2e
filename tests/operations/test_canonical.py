"""Plain JSON of service values, and its one spelling."""

import datetime
import json
import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.canonical import canonical, decimal_text, instant_text, jsonable

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1.50000000"), "1.5"),
        (Decimal("100"), "100"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.00000001"), "0.00000001"),
        (Decimal("-0.50"), "-0.5"),
    ],
)
def test_decimals_are_plain_digits(value: Decimal, text: str) -> None:
    assert decimal_text(value) == text


def test_instants_are_utc_to_the_microsecond() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    assert instant_text(datetime.datetime(2006, 6, 20, 22, 0, tzinfo=zone)) == "2006-06-20T20:00:00.000000Z"
    with pytest.raises(ValueError, match="aware"):
        instant_text(datetime.datetime(2006, 6, 20))  # noqa: DTZ001 - the naive instant is the case


def test_services_values_become_plain() -> None:
    key = uuid.UUID(int=7)
    assert jsonable({"a": Decimal("1.10"), 2: (key, datetime.date(2006, 6, 20), {"y", "x"})}) == {
        "a": "1.1",
        "2": [str(key), "2006-06-20", ["x", "y"]],
    }


def test_nan_is_refused_and_unknown_types_too() -> None:
    with pytest.raises(ValueError, match="NaN"):
        jsonable(float("nan"))
    with pytest.raises(TypeError):
        jsonable(object())


def test_text_that_jsonb_refuses_is_replaced() -> None:
    assert "\x00" not in jsonable("a\x00b")
    assert jsonable("\ud800") == "\ufffd" * 3


@given(VALUES)
def test_the_spelling_survives_a_round_trip(value: object) -> None:
    plain = jsonable(value, floats_as_text=True)
    assert canonical(json.loads(canonical(plain))) == canonical(plain)
