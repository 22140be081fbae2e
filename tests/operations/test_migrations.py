"""Append-only protection comes and goes with its migration."""

import pytest
from django.db import DatabaseError, connection, migrations, transaction
from django.db.migrations.state import ProjectState

from operations.migrations.append_only import append_only

pytestmark = pytest.mark.django_db


def run(operation: migrations.RunPython, *, forwards: bool) -> None:
    apply = operation.code if forwards else operation.reverse_code
    with connection.cursor() as cursor:

        class Editor:
            connection = cursor.db
            execute = staticmethod(cursor.execute)

        apply(ProjectState().apps, Editor)


def test_the_operation_protects_and_can_be_undone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE a_record (n integer)")
        cursor.execute("INSERT INTO a_record VALUES (1)")
        run(append_only("a_record"), forwards=True)
        cursor.execute("INSERT INTO a_record VALUES (2)")
        for statement in ("UPDATE a_record SET n = 3", "DELETE FROM a_record"):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                cursor.execute(statement)
        run(append_only("a_record"), forwards=False)
        cursor.execute("DELETE FROM a_record")
        cursor.execute("SELECT count(*) FROM a_record")
        assert cursor.fetchone() == (0,)
        cursor.execute("DROP TABLE a_record")
