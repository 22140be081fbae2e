"""The engine in processes of its own, so that the site's process stays quick. Pure of Django: children import this.

Children are spawned, never forked. Each run owns a slot of a shared board: the child writes how far it is, the parent
writes that it should stop.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from backtests import engine
from backtests.config import EngineConfig
from marketdata.bars import Panel

SLOTS = 64

_guard = threading.Lock()
_free = set(range(SLOTS))
_spawn = multiprocessing.get_context("spawn")
_executor: ProcessPoolExecutor | None = None
_board: Any = None


def _board_attach(board: Any) -> None:
    """In a new child: take the board that the parent made."""
    global _board
    _board = board


def _board_values() -> Any:
    """Two numbers a slot: the fraction done, and whether to stop."""
    global _board
    if _board is None:
        _board = _spawn.Array("d", 2 * SLOTS, lock=False)
    return _board


def _pool() -> ProcessPoolExecutor:
    global _executor
    with _guard:
        if _executor is None:
            workers = max(1, (os.cpu_count() or 2) // 2)
            _executor = ProcessPoolExecutor(
                workers, mp_context=_spawn, initializer=_board_attach, initargs=(_board_values(),)
            )
        return _executor


def pool_close() -> None:
    """End the children, or forget those that died; the next run starts new ones."""
    global _executor
    with _guard:
        executor, _executor = _executor, None
    if executor is not None:
        executor.shutdown(wait=False, cancel_futures=True)


def run_in_child(slot: int, config: EngineConfig, panel: Panel) -> engine.EngineResult:
    """In the child: run the engine, telling and asking the board."""

    def progress(fraction: float) -> bool:
        _board[2 * slot] = fraction
        return not _board[2 * slot + 1]

    return engine.run(config, panel, progress)


class PoolRun:
    """A run in a child, as the parent sees it."""

    def __init__(self, slot: int, future: Future[engine.EngineResult]) -> None:
        self.slot, self.future = slot, future

    @property
    def fraction(self) -> float:
        """How far the child is."""
        return float(_board_values()[2 * self.slot])

    def stop(self) -> None:
        """Ask the child to stop at its next session."""
        _board_values()[2 * self.slot + 1] = 1.0


@contextmanager
def pool_run(config: EngineConfig, panel: Panel) -> Iterator[PoolRun]:
    """Start a run in a child; its slot is free again at the end, by when the child has ended too."""
    with _guard:
        if not _free:
            raise RuntimeError(f"More than {SLOTS} runs at once.")
        slot = _free.pop()
    board = _board_values()
    board[2 * slot] = board[2 * slot + 1] = 0.0
    run = None
    try:
        run = PoolRun(slot, _pool().submit(run_in_child, slot, config, panel))
        yield run
    finally:
        if run is not None and not run.future.done():
            run.stop()
            run.future.add_done_callback(_slot_free(slot))
        else:
            _free.add(slot)


def _slot_free(slot: int) -> Callable[[Future[engine.EngineResult]], None]:
    def free(_future: Future[engine.EngineResult]) -> None:
        _free.add(slot)

    return free
