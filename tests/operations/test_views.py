"""One error format for everything the REST interface refuses."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, ValidationError
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from operations import errors
from operations.views import exception_handler

pytestmark = pytest.mark.django_db


def handled(error: Exception) -> Response:
    response = exception_handler(error, {})
    assert response is not None
    assert set(response.data) == {"code", "message", "context"}
    assert response.data["message"]
    return response


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.Conflict("MOVED", "It has moved."), 409, "MOVED"),
        (exceptions.NotAuthenticated(), 401, "UNAUTHENTICATED"),
        (exceptions.AuthenticationFailed(), 401, "UNAUTHENTICATED"),
        (exceptions.PermissionDenied(), 403, "NOT_ALLOWED"),
        (PermissionDenied(), 403, "NOT_ALLOWED"),
        (exceptions.NotFound(), 404, "NOT_FOUND"),
        (Http404(), 404, "NOT_FOUND"),
        (exceptions.MethodNotAllowed("PUT"), 405, "METHOD_NOT_ALLOWED"),
        (exceptions.NotAcceptable(), 406, "NOT_ACCEPTABLE"),
        (exceptions.UnsupportedMediaType("text/plain"), 415, "MEDIA_TYPE_UNSUPPORTED"),
        (exceptions.ParseError("Cut short."), 400, "MALFORMED"),
        (RequestDataTooBig("Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE."), 400, "BODY_TOO_LARGE"),
        (SuspiciousOperation("Odd."), 400, "MALFORMED"),
        (ValidationError("Wrong."), 400, "INVALID_INPUT"),
        (ValidationError({"a": ["Wrong."]}), 400, "INVALID_INPUT"),
        (OperationalError("canceling statement due to lock timeout"), 503, "DATABASE_BUSY"),
    ],
)
def test_every_refusal_has_the_same_shape(error: Exception, status: int, code: str) -> None:
    response = handled(error)
    assert (response.status_code, response.data["code"]) == (status, code)


def test_context_is_plain_json() -> None:
    assert handled(errors.Unprocessable("X", "Y.", limit=Decimal("1.50"))).data["context"] == {"limit": "1.5"}


@pytest.mark.parametrize(
    ("detail", "sentence"),
    [
        ({"quantity": ["Enter a number."]}, "quantity: Enter a number."),
        ({"legs": [{}, {"price": ["Too low."]}]}, "legs.price: Too low."),
        ({"non_field_errors": ["Name one price."]}, "Name one price."),
        (["Wrong."], "Wrong."),
    ],
)
def test_the_first_wrong_field_is_said_in_words(detail: Any, sentence: str) -> None:
    response = handled(exceptions.ValidationError(detail))
    assert (response.status_code, response.data["message"]) == (400, sentence)
    assert response.data["context"]["fields"]


def test_throttled_says_when_to_come_back() -> None:
    response = handled(exceptions.Throttled(wait=7))
    assert (response.status_code, response.data["code"], response["Retry-After"]) == (429, "TOO_MANY", "7")
    assert response.data["context"] == {"wait_s": 7}


def test_a_fault_of_ours_stays_an_exception() -> None:
    assert exception_handler(ZeroDivisionError(), {}) is None
