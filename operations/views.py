"""The one error format of the REST interface: {code, message, context}."""

from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, ValidationError
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from operations.canonical import jsonable
from operations.errors import ApplicationError, InvalidInput, NotAllowed, NotFound, Unavailable

log = structlog.get_logger(__name__)

_CODES = {
    exceptions.AuthenticationFailed: "UNAUTHENTICATED",
    exceptions.NotAuthenticated: "UNAUTHENTICATED",
    exceptions.PermissionDenied: "NOT_ALLOWED",
    exceptions.NotFound: "NOT_FOUND",
    exceptions.MethodNotAllowed: "METHOD_NOT_ALLOWED",
    exceptions.NotAcceptable: "NOT_ACCEPTABLE",
    exceptions.UnsupportedMediaType: "MEDIA_TYPE_UNSUPPORTED",
    exceptions.Throttled: "TOO_MANY",
    exceptions.ParseError: "MALFORMED",
}


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Render expected failures; anything else is a fault of ours and stays an exception."""
    error = _translated(error)
    if isinstance(error, ApplicationError):
        set_rollback()
        return Response(jsonable(error.as_dict()), status=error.status)
    if isinstance(error, exceptions.APIException):
        set_rollback()
        return Response(jsonable(_body(error)), status=error.status_code, headers=_headers(error))
    return None


def _translated(error: Exception) -> Exception:
    if isinstance(error, Http404):
        return NotFound("NOT_FOUND", "There is nothing here.")
    if isinstance(error, PermissionDenied):
        return NotAllowed("NOT_ALLOWED", str(error) or "You may not do this.")
    if isinstance(error, ValidationError):
        return InvalidInput("INVALID_INPUT", " ".join(error.messages), fields=_fields(error))
    if isinstance(error, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return InvalidInput("BODY_TOO_LARGE", f"The body is larger than {most:,} bytes.", maximum=most)
    if isinstance(error, SuspiciousOperation):
        return InvalidInput("MALFORMED", "The request cannot be read.")
    if isinstance(error, OperationalError):
        log.warning("database_busy", error=str(error))
        return Unavailable("DATABASE_BUSY", "The database did not answer in time; nothing was changed. Try again.")
    return error


def _fields(error: ValidationError) -> dict[str, list[str]]:
    return error.message_dict if hasattr(error, "error_dict") else {}


def _body(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return {
            "code": "INVALID_INPUT",
            "message": _first_sentence(error.detail),
            "context": {"fields": error.detail if isinstance(error.detail, dict) else {"": error.detail}},
        }
    code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), str(error.default_code).upper())
    wait = getattr(error, "wait", None)
    return {"code": code, "message": str(error.detail), "context": {} if wait is None else {"wait_s": wait}}


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(error.auth_header)  # type: ignore[attr-defined]  # set by DRF's APIView
    if getattr(error, "wait", None) is not None:
        headers["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]  # of Throttled
    return headers


def _first_sentence(detail: Any, path: str = "") -> str:
    if isinstance(detail, dict):
        key, value = next(iter(detail.items()))
        name = "" if key == "non_field_errors" else str(key)
        return _first_sentence(value, f"{path}.{name}".strip("."))
    if isinstance(detail, list):
        return _first_sentence(next((item for item in detail if item), ""), path)
    return f"{path}: {detail}" if path else str(detail)
