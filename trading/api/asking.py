"""Which account a request means: the one it names, else the person's default or only one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from operations.errors import InvalidInput
from portfolio.models import Account
from portfolio.selectors import account_default_for, account_get_for, role_check

ACCOUNT = OpenApiParameter("account", int, description="Left out: your default account, or your only one.")


def account_asked(request: Request, *, write: bool = False) -> Account:
    """The account that query or body names; a stranger's is not there, and `write` needs the right to trade it."""
    named = account_named(request)
    if named is None:
        return role_check(account_default_for(request.user), write=write)
    return account_get_for(request.user, named, write=write)


def account_named(request: Request) -> int | None:
    """The number of the account in the query or the body; the two may not differ."""
    found = {
        _number(value) for value in (request.query_params.get("account"), _body(request)) if value not in (None, "")
    }
    if len(found) > 1:
        raise InvalidInput("ACCOUNT_TWICE", "The query and the body name different accounts.")
    return found.pop() if found else None


def _body(request: Request) -> Any:
    has_body = request.method not in ("GET", "HEAD", "OPTIONS")
    return request.data.get("account") if has_body and isinstance(request.data, Mapping) else None


def _number(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidInput("ACCOUNT_MALFORMED", "An account is named by its number.", account=text[:40])
    return int(text)
