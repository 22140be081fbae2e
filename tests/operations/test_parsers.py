"""JSON as it was sent."""

from io import BytesIO
from typing import Any

import pytest
from rest_framework.exceptions import ParseError

from operations.parsers import ExactJSONParser


def parse(text: str | bytes) -> Any:
    return ExactJSONParser().parse(BytesIO(text.encode() if isinstance(text, str) else text))


def test_numbers_stay_as_written() -> None:
    assert parse('{"a": 0.10, "b": 1e3, "c": 7, "d": true, "e": null, "f": ["1.0", 12345678901234567890.1]}') == {
        "a": "0.10",
        "b": "1e3",
        "c": "7",
        "d": True,
        "e": None,
        "f": ["1.0", "12345678901234567890.1"],
    }


@pytest.mark.parametrize(
    "body",
    [
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": -Infinity}',
        '{"quantity": 1, "quantity": 100}',
        '{"a": ',
        "",
        b"\xff\xfe",
        "[" * 100_000,
    ],
    ids=["nan", "inf", "minus-inf", "twice", "cut", "empty", "bytes", "deep"],
)
def test_what_cannot_be_meant_is_refused(body: str | bytes) -> None:
    """Seen red for `twice` with the plain parser: the second quantity won silently."""
    with pytest.raises(ParseError):
        parse(body)
