"""Tables as bytes and back."""

import pytest

from backtests.store import tables_pack, tables_unpack


def test_tables_come_back_as_they_were():
    tables = {"trades": [{"a": 1, "b": None}, {"a": 2.5, "b": "x"}], "equity": []}
    assert tables_unpack(tables_pack(tables)) == tables


def test_nothing_else_is_read():
    with pytest.raises(ValueError, match="no packed result"):
        tables_unpack(b"nonsense")


def test_what_json_cannot_say_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        tables_pack({"trades": [{"a": float("nan")}]})
