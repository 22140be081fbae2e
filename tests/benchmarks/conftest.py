"""Benchmarks run with ``-m bench`` alone (``make bench``): they take time, and their figures say nothing in a crowd."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Leave benchmarks out unless they were asked for by their mark."""
    if "bench" in (config.option.markexpr or ""):
        return
    ours = [item for item in items if item.path.is_relative_to(HERE)]
    if ours:
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]


@pytest.fixture
def told(capsys: Any) -> Any:
    """Print one line of the table, and the load of the machine with it."""

    def tell(what: str, figures: str, budget: str = "") -> None:
        with capsys.disabled():
            load = os.getloadavg()[0]
            print(f"\n{what:<58} {figures:<52} {budget:<28} load {load:.1f}")  # noqa: T201 - the table is the result

    return tell
