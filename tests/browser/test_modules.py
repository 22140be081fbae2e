"""The pages' pure modules, run where they run: the reducer against the one that tests use, and the formats."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.browser.conftest import Visitor
from tests.reducer import event_apply

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


def test_orders_stand_by_sequence_whatever_order_an_event_brings_them_in(module: Any) -> None:
    """Seen red with rows put at the top in the order they came: an event lists its newest first."""
    state = {"orders": [{"key": "a", "sequence": 1, "state": "WORKING"}]}
    rows = [
        {"key": "c", "sequence": 3, "state": "HELD"},
        {"key": "b", "sequence": 2, "state": "FILLED"},
        {"key": "a", "sequence": 1, "state": "FILLED"},
    ]
    for put in (rows, rows[::-1]):
        assert module("core/state.js", "reduce", state, event(put={"orders": put}))["orders"] == rows


def test_lists_keep_their_newest(module: Any) -> None:
    state = {name: [{"key": str(number)} for number in range(50, 0, -1)] for name in ("fills", "notifications")}
    put = {"fills": [{"key": "100"}], "notifications": [{"key": "100"}]}
    after = module("core/state.js", "reduce", state, event(put=put))
    assert [row["key"] for row in after["fills"]] == ["100", *map(str, range(50, 1, -1))]
    assert [row["key"] for row in after["notifications"]] == ["100", *map(str, range(50, 31, -1))]


def test_the_reducer_of_the_pages_is_the_one_of_the_tests(module: Any) -> None:
    dice = random.Random(3)
    state: dict[str, Any] = {name: [] for name in ("orders", "fills", "decisions", "notifications", "positions")}
    state |= {"equity": [], "overview": {"cash": "1"}}
    ours = state
    for number in range(1, 41):
        put = {
            "orders": [{"key": f"k{n}", "sequence": n, "at": number} for n in dice.sample(range(90), 4)],
            "fills": [{"key": str(n), "at": number} for n in dice.sample(range(9, 120), 3)],
            "notifications": [{"key": str(n)} for n in dice.sample(range(5, 50), 2)],
            "positions": [{"key": symbol, "symbol": symbol, "at": number} for symbol in dice.sample("ABCDE", 2)],
            "overview": {"cash": str(number)},
            "equity": [[f"2006-06-{number:02d}", str(number)]],
        }
        message = event(number=number, put=put, drop={"positions": dice.sample("ABCDE", 1)})
        ours = event_apply(ours, message)
        state = module("core/state.js", "reduce", state, message)
    assert state == ours


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
