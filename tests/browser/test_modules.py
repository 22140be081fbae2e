"""The pages' pure modules, run where they run: the reducer and the formats."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def module(visit: Visitor) -> Any:
    """Call a function of a module: `module("core/state.js", "reduce", state, message)`."""
    tab = visit()
    page = tab.open("/tokens/")

    def call(path: str, name: str, *arguments: Any) -> Any:
        return page.evaluate(
            "async ([path, name, values]) => (await import(path))[name](...values)",
            [f"/static/js/{path}", name, list(arguments)],
        )

    return call


def event(**fields: Any) -> dict[str, Any]:
    return {"type": "event", "number": 1, "put": {}, "drop": {}, **fields}


def test_rows_are_put_by_key_newest_first(module: Any) -> None:
    state = {"orders": [{"key": "a", "state": "WORKING"}]}
    put = {"orders": [{"key": "a", "state": "FILLED"}, {"key": "b", "state": "WORKING"}]}
    assert module("core/state.js", "reduce", state, event(put=put))["orders"] == [
        {"key": "b", "state": "WORKING"},
        {"key": "a", "state": "FILLED"},
    ]


def test_lists_keep_their_newest_fifty(module: Any) -> None:
    state = {"fills": [{"key": str(number)} for number in range(50)]}
    fills = module("core/state.js", "reduce", state, event(put={"fills": [{"key": "new"}]}))["fills"]
    assert len(fills) == 50
    assert fills[0] == {"key": "new"}


def test_objects_are_merged_and_rows_dropped(module: Any) -> None:
    state = {"overview": {"cash": "1", "fees": "0"}, "positions": [{"key": "A", "symbol": "A"}]}
    after = module("core/state.js", "reduce", state, event(put={"overview": {"cash": "2"}}, drop={"positions": ["A"]}))
    assert after == {"overview": {"cash": "2", "fees": "0"}, "positions": []}


def test_equity_grows_and_a_point_of_the_same_time_is_replaced(module: Any) -> None:
    state = {"equity": [["t1", "1"]]}
    after = module("core/state.js", "reduce", state, event(put={"equity": [["t1", "2"], ["t2", "3"]]}))
    assert after["equity"] == [["t1", "2"], ["t2", "3"]]


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("money", ["100000"], "$100,000.00"),
        ("money", ["-1.5", "EUR"], "−€1.50"),
        ("signedMoney", ["12.345"], "+$12.35"),
        ("signedMoney", ["0"], "$0.00"),
        ("percent", ["0.0123"], "1.23 %"),
        ("signedPercent", ["-0.05"], "−5.00 %"),
        ("quantity", ["84"], "84"),
        ("quantity", ["0.12345678"], "0.12345678"),
        ("price", ["0.0712"], "0.0712"),
        ("money", [None], "—"),
        ("signedPercent", ["-0.00001"], "0.00 %"),
        ("inUnit", ["1000000000", "usd"], "$1B"),
    ],
)
def test_numbers_read_as_people_read_them(module: Any, name: str, arguments: list[Any], text: str) -> None:
    assert module("core/format.js", name, *arguments) == text
