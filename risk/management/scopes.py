"""The scope options that the stop commands share."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from operations.errors import ApplicationError
from portfolio.selectors import person_get


def scope_arguments(parser: CommandParser, *, required: bool = True) -> None:
    """Add the options that name a scope; exactly one is given, or none where none means everything."""
    scope = parser.add_mutually_exclusive_group(required=required)
    scope.add_argument("--everything", action="store_true", help="every account of the site")
    scope.add_argument("--venue", metavar="ENVIRONMENT", help="all accounts on paper, test or live")
    scope.add_argument("--user", metavar="USERNAME", help="all accounts a person owns")
    scope.add_argument("--account", metavar="ID", help="one account")
    scope.add_argument("--strategy", metavar="ACCOUNT:DEPLOYMENT", help="one deployment of one account")


def scope_given(options: dict[str, Any]) -> dict[str, Any]:
    """The scope as the services take it."""
    if options["user"] is not None:
        return {"scope_kind": "user", "scope_key": str(person(options["user"]).pk)}
    kind = next((kind for kind in ("venue", "account", "strategy") if options[kind] is not None), "everything")
    return {"scope_kind": kind, "scope_key": "" if kind == "everything" else options[kind]}


def person(username: str) -> Any:
    """The person of that name; a CommandError where there is none."""
    try:
        return person_get(username)
    except ApplicationError as error:
        raise CommandError(error.message) from error
