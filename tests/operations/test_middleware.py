"""The request's id, and errors of plain pages."""

import asyncio
from typing import Any

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from operations.errors import NotAllowed
from operations.middleware import ApplicationErrorMiddleware, RequestIdMiddleware


def bound(request: HttpRequest) -> HttpResponse:
    return HttpResponse(structlog.contextvars.get_contextvars().get("request_id", ""))


async def bound_async(request: HttpRequest) -> HttpResponse:
    return bound(request)


def ask(**headers: str) -> HttpRequest:
    return RequestFactory().get("/", headers=headers)


def test_a_given_id_is_kept_and_returned() -> None:
    response = RequestIdMiddleware(bound)(ask(**{"X-Request-ID": "order-page-17"}))
    assert (response.content, response["X-Request-ID"]) == (b"order-page-17", "order-page-17")
    assert "request_id" not in structlog.contextvars.get_contextvars()


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "a b c d e f g h", "<script>alert(1)</script>"])
def test_another_id_is_replaced(given: str) -> None:
    response = RequestIdMiddleware(bound)(ask(**{"X-Request-ID": given}))
    assert response["X-Request-ID"] == response.content.decode() != given
    assert len(response["X-Request-ID"]) == 36


def test_ids_differ() -> None:
    middleware = RequestIdMiddleware(bound)
    assert middleware(ask())["X-Request-ID"] != middleware(ask())["X-Request-ID"]


def test_async_requests_have_ids_too() -> None:
    response = asyncio.run(RequestIdMiddleware(bound_async)(ask(**{"X-Request-ID": "order-page-17"})))
    assert (response.content, response["X-Request-ID"]) == (b"order-page-17", "order-page-17")


@pytest.fixture
def middleware() -> ApplicationErrorMiddleware:
    return ApplicationErrorMiddleware(bound)


ERROR = NotAllowed("VIEWER", "You may only look at this account.", account=7)


@pytest.mark.parametrize(
    "request_", [RequestFactory().get("/api/x"), RequestFactory().get("/x", headers={"Accept": "application/json"})]
)
def test_programs_get_json(middleware: ApplicationErrorMiddleware, request_: HttpRequest) -> None:
    response = middleware.process_exception(request_, ERROR)
    assert response is not None
    assert response.status_code == 403
    assert response.headers["Content-Type"] == "application/json"
    assert b'"code": "VIEWER"' in response.content


def test_people_get_words(middleware: ApplicationErrorMiddleware, settings: Any) -> None:
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": []}]
    response = middleware.process_exception(RequestFactory().get("/x"), ERROR)
    assert response is not None
    assert response.status_code == 403
    assert response.content.decode() == "You may only look at this account."


def test_other_exceptions_pass(middleware: ApplicationErrorMiddleware) -> None:
    assert middleware.process_exception(RequestFactory().get("/x"), ZeroDivisionError()) is None
