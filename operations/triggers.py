"""SQL that makes a table append-only. Pure.

One statement list per database vendor, forwards and backwards. Rows may be inserted; UPDATE, DELETE
and (PostgreSQL) TRUNCATE are refused for everyone, the table's owner included. Rooms use it through
`operations.migrations.append_only.append_only`.
"""

import re

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,47}")


def append_only_sql(vendor: str, table: str) -> list[str]:
    """The statements that make `table` append-only on `vendor` (sqlite, postgresql)."""
    _check(table)
    return _sqlite(table) if vendor == "sqlite" else _postgresql(vendor, table)


def append_only_undo_sql(vendor: str, table: str) -> list[str]:
    """The statements that take the protection away again."""
    _check(table)
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {trigger_name(table, verb)}" for verb in ("update", "delete")]
    return [
        *(f"DROP TRIGGER IF EXISTS {trigger_name(table, verb)} ON {table}" for verb in ("row", "truncate")),
        f"DROP FUNCTION IF EXISTS {trigger_name(table, 'refuse')}()",
    ]


def trigger_name(table: str, verb: str) -> str:
    """The name of a trigger; all of them begin with append_only_."""
    return f"append_only_{table}_{verb}"


def _sqlite(table: str) -> list[str]:
    return [
        f"CREATE TRIGGER {trigger_name(table, verb)} BEFORE {verb.upper()} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in ("update", "delete")
    ]


def _postgresql(vendor: str, table: str) -> list[str]:
    if vendor != "postgresql":
        raise ValueError(f"no append-only triggers are known for {vendor}")
    refuse = trigger_name(table, "refuse")
    return [
        f"CREATE FUNCTION {refuse}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        f"CREATE TRIGGER {trigger_name(table, 'row')} BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {refuse}()",
        f"CREATE TRIGGER {trigger_name(table, 'truncate')} BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {refuse}()",
    ]


def _check(table: str) -> None:
    if not _IDENTIFIER.fullmatch(table):
        raise ValueError(f"{table!r} is not a table name this builder accepts")
