"""Configurations that must not hold money."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from portfolio.models import Account, Environment


@register(Tags.database)
def check_live_accounts(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Live accounts need PostgreSQL: SQLite has no row locks, deferred triggers or roles."""
    found: list[CheckMessage] = []
    for alias in databases or []:
        database = connections[alias]
        if database.vendor == "postgresql":
            continue
        if Account._meta.db_table not in database.introspection.table_names():
            continue
        live = Account.objects.using(alias).filter(environment=Environment.LIVE).count()
        if live:
            found.append(
                Error(
                    f"{live} live account{'s' if live > 1 else ''} on {database.display_name}: live accounts need "
                    "PostgreSQL.",
                    hint="Set DATABASE_URL to a PostgreSQL database.",
                    id="portfolio.E001",
                )
            )
    return found
