"""The engine as a spawned child runs it: it imports no Django, and talks to its parent over a shared board. Pure.

The board holds two numbers a slot: the child writes the fraction done, the parent writes 1 where it should stop.
"""

from __future__ import annotations

from collections.abc import MutableSequence

from backtests import engine
from backtests.config import EngineConfig
from marketdata.bars import Panel

Board = MutableSequence[float]

_boards: list[Board] = []


def board_attach(board: Board) -> None:
    """Take the board that the parent made; called once, at a child's birth."""
    _boards[:] = [board]


def run_in_child(slot: int, config: EngineConfig, panel: Panel) -> engine.EngineResult | None:
    """Run the engine, telling the board how far it is and asking it whether to go on."""
    board = _boards[0]

    def progress(fraction: float) -> bool:
        board[2 * slot] = fraction
        return not board[2 * slot + 1]

    return engine.run(config, panel, progress)
