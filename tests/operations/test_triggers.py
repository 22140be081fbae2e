"""SQL of append-only tables. Pure."""

import pytest

from operations.triggers import append_only_sql, append_only_undo_sql


@pytest.mark.parametrize("table", ["a;b", "A", "", "a b", 'a"b', "x" * 60])
def test_a_strange_table_name_is_refused(table: str) -> None:
    with pytest.raises(ValueError, match="table name"):
        append_only_sql("sqlite", table)
    with pytest.raises(ValueError, match="table name"):
        append_only_undo_sql("postgresql", table)


def test_another_database_is_refused() -> None:
    with pytest.raises(ValueError, match="mysql"):
        append_only_sql("mysql", "a_table")


def test_every_way_of_losing_rows_is_named() -> None:
    assert "BEFORE UPDATE OR DELETE" in append_only_sql("postgresql", "a_table")[1]
    assert "BEFORE TRUNCATE" in append_only_sql("postgresql", "a_table")[2]
    assert len(append_only_sql("sqlite", "a_table")) == 2
