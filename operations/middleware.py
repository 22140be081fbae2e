"""The request's id, and the one place that renders expected errors of ordinary pages."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import TemplateDoesNotExist
from django.utils.deprecation import MiddlewareMixin

from operations.canonical import jsonable
from operations.errors import ApplicationError

HEADER = "X-Request-ID"
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIdMiddleware:
    """Bind the caller's request id, or a new one, to logs and audit, and return it in the response."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if self.is_async:
            return self._respond_async(request)
        with structlog.contextvars.bound_contextvars(request_id=_identify(request)):
            return self._marked(request, self.get_response(request))

    async def _respond_async(self, request: HttpRequest) -> HttpResponse:
        with structlog.contextvars.bound_contextvars(request_id=_identify(request)):
            return self._marked(request, await self.get_response(request))

    def _marked(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response[HEADER] = request.META["HTTP_X_REQUEST_ID"]
        return response


class ApplicationErrorMiddleware(MiddlewareMixin):
    """Render an ApplicationError of a page or a plain view: JSON for programs, error.html for people."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, ApplicationError):
            return None
        if _wants_json(request):
            return JsonResponse(jsonable(exception.as_dict()), status=exception.status)
        try:
            return render(request, "error.html", {"error": exception}, status=exception.status)
        except TemplateDoesNotExist:
            return HttpResponse(exception.message, status=exception.status, content_type="text/plain; charset=utf-8")


def _identify(request: HttpRequest) -> str:
    given = request.headers.get(HEADER, "")
    identifier = given if _ID.fullmatch(given) else str(uuid.uuid4())
    # django-structlog reads the header too: both must mean the same request.
    request.META["HTTP_X_REQUEST_ID"] = identifier
    return identifier


def _wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or request.get_preferred_type(["text/html", "application/json"]) == (
        "application/json"
    )
