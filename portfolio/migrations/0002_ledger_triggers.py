"""What the database itself holds of the ledger: append-only rows, bookings that sum to zero, fixed accounts."""

from typing import Any

from django.db import migrations

from operations.migrations.append_only import append_only

FIXED_SQLITE = (
    "CREATE TRIGGER portfolio_account_fixed BEFORE UPDATE OF environment, currency ON portfolio_account "
    "WHEN NEW.environment <> OLD.environment OR NEW.currency <> OLD.currency "
    "BEGIN SELECT RAISE(ABORT, 'environment and currency of an account are fixed'); END",
)
FIXED_POSTGRESQL = (
    "CREATE FUNCTION portfolio_account_fixed() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN RAISE EXCEPTION 'environment and currency of an account are fixed' "
    "USING ERRCODE = 'integrity_constraint_violation'; END $$",
    "CREATE TRIGGER portfolio_account_fixed BEFORE UPDATE OF environment, currency ON portfolio_account FOR EACH ROW "
    "WHEN (NEW.environment IS DISTINCT FROM OLD.environment OR NEW.currency IS DISTINCT FROM OLD.currency) "
    "EXECUTE FUNCTION portfolio_account_fixed()",
)
BALANCED_POSTGRESQL = (
    "CREATE FUNCTION portfolio_ledgerentry_balanced() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF EXISTS (SELECT 1 FROM portfolio_ledgerentry WHERE transaction_id = NEW.transaction_id "
    "GROUP BY currency HAVING sum(amount) <> 0) THEN "
    "RAISE EXCEPTION 'ledger transaction % does not sum to zero', NEW.transaction_id "
    "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER portfolio_ledgerentry_balanced AFTER INSERT ON portfolio_ledgerentry "
    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION portfolio_ledgerentry_balanced()",
    "CREATE FUNCTION portfolio_ledgertransaction_filled() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF NOT EXISTS (SELECT 1 FROM portfolio_ledgerentry WHERE transaction_id = NEW.id) THEN "
    "RAISE EXCEPTION 'ledger transaction % has no entries', NEW.id "
    "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER portfolio_ledgertransaction_filled AFTER INSERT ON portfolio_ledgertransaction "
    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION portfolio_ledgertransaction_filled()",
)
UNDO_POSTGRESQL = (
    "DROP TRIGGER IF EXISTS portfolio_account_fixed ON portfolio_account",
    "DROP FUNCTION IF EXISTS portfolio_account_fixed()",
    "DROP TRIGGER IF EXISTS portfolio_ledgerentry_balanced ON portfolio_ledgerentry",
    "DROP FUNCTION IF EXISTS portfolio_ledgerentry_balanced()",
    "DROP TRIGGER IF EXISTS portfolio_ledgertransaction_filled ON portfolio_ledgertransaction",
    "DROP FUNCTION IF EXISTS portfolio_ledgertransaction_filled()",
)
UNDO_SQLITE = ("DROP TRIGGER IF EXISTS portfolio_account_fixed",)


def apply(apps: Any, schema_editor: Any) -> None:
    """SQLite has no deferred trigger: there the posting service and `ledger_verify` hold the sum."""
    postgresql = schema_editor.connection.vendor == "postgresql"
    for statement in (*FIXED_POSTGRESQL, *BALANCED_POSTGRESQL) if postgresql else FIXED_SQLITE:
        schema_editor.execute(statement, params=None)


def undo(apps: Any, schema_editor: Any) -> None:
    """Take all of it away again."""
    postgresql = schema_editor.connection.vendor == "postgresql"
    for statement in UNDO_POSTGRESQL if postgresql else UNDO_SQLITE:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    """Triggers of the portfolio tables."""

    dependencies = [("portfolio", "0001_initial")]

    operations = [
        migrations.RunPython(apply, undo),
        append_only("portfolio_ledgertransaction"),
        append_only("portfolio_ledgerentry"),
        append_only("portfolio_positionentry"),
    ]
