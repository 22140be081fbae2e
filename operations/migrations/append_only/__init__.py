"""The migration operation that makes a table append-only (a package, so that the loader takes it for no migration)."""

from functools import partial
from typing import Any

from django.db import migrations

from operations.triggers import append_only_sql, append_only_undo_sql


def append_only(table: str) -> migrations.RunPython:
    """Refuse UPDATE, DELETE and TRUNCATE on `table`; reversible; the same on SQLite and PostgreSQL."""
    return migrations.RunPython(partial(_apply, table=table), partial(_undo, table=table), elidable=False)


def _apply(apps: Any, schema_editor: Any, *, table: str) -> None:
    for statement in append_only_sql(schema_editor.connection.vendor, table):
        schema_editor.execute(statement)


def _undo(apps: Any, schema_editor: Any, *, table: str) -> None:
    for statement in append_only_undo_sql(schema_editor.connection.vendor, table):
        schema_editor.execute(statement)
