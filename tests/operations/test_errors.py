"""Families of errors and what they render."""

import pytest

from operations import errors


@pytest.mark.parametrize(
    ("family", "status"),
    [
        (errors.InvalidInput, 400),
        (errors.Unauthenticated, 401),
        (errors.NotAllowed, 403),
        (errors.NotFound, 404),
        (errors.Conflict, 409),
        (errors.Unprocessable, 422),
        (errors.TooMany, 429),
        (errors.Unavailable, 503),
    ],
)
def test_family_has_its_status(family: type[errors.ApplicationError], status: int) -> None:
    assert family("CODE", "Words.").status == status


def test_as_dict_carries_code_message_and_context() -> None:
    error = errors.Conflict("MOVED", "It has moved.", version=3)
    assert error.as_dict() == {"code": "MOVED", "message": "It has moved.", "context": {"version": 3}}
    assert str(error) == "MOVED: It has moved."
