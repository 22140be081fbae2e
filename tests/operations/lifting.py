"""Lets the test runner empty append-only tables between transactional tests.

The site itself has no such switch. `flush_past_triggers` wraps the flush of a test database only:
the triggers are taken away, the tables emptied, the very same triggers put back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.base.operations import BaseDatabaseOperations


@contextmanager
def triggers_lifted(connection: Any) -> Iterator[None]:
    down, up = _sqlite(connection) if connection.vendor == "sqlite" else _postgresql(connection)
    with connection.cursor() as cursor:
        for statement in down:
            cursor.execute(statement)
        try:
            yield
        finally:
            for statement in up:
                cursor.execute(statement)


@contextmanager
def flush_past_triggers() -> Iterator[None]:
    original = BaseDatabaseOperations.execute_sql_flush

    def execute_sql_flush(self: Any, sql_list: list[str]) -> None:
        with triggers_lifted(self.connection):
            original(self, [_cascading(sql) for sql in sql_list])

    BaseDatabaseOperations.execute_sql_flush = execute_sql_flush
    try:
        yield
    finally:
        BaseDatabaseOperations.execute_sql_flush = original


def _cascading(sql: str) -> str:
    # knox's migrations leave the empty table of its swapped model behind; Django's list of tables does not name it.
    return f"{sql.rstrip('; ')} CASCADE;" if sql.lstrip().startswith("TRUNCATE") and "CASCADE" not in sql else sql


def _sqlite(connection: Any) -> tuple[list[str], list[str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'append_only_%'")
        found = cursor.fetchall()
    return [f"DROP TRIGGER {name}" for name, _ in found], [sql for _, sql in found]


def _postgresql(connection: Any) -> tuple[list[str], list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE t.tgname LIKE 'append_only_%'"
        )
        tables = [name for (name,) in cursor.fetchall()]
    # Deferred foreign keys must be checked first: a table with pending checks cannot be altered.
    settle = ["SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED"]
    return (
        [*settle, *(f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in tables)],
        [*settle, *(f"ALTER TABLE {name} ENABLE TRIGGER USER" for name in tables)],
    )
