"""A pool of spawned processes for the engine, so that the site's own process stays quick.

Children are spawned, never forked, and import `backtests.child` alone. Each run owns a slot of the shared board.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

from backtests.child import board_attach, run_in_child
from backtests.config import EngineConfig
from backtests.engine import EngineResult
from marketdata.bars import Panel
from operations.errors import TooMany

SLOTS = 64

_guard = threading.Lock()
_free = set(range(SLOTS))
_pools: list[ProcessPoolExecutor] = []
_spawn = multiprocessing.get_context("spawn")


@cache
def _board() -> Any:
    return _spawn.Array("d", 2 * SLOTS, lock=False)


def _pool() -> ProcessPoolExecutor:
    with _guard:
        if not _pools:
            workers = max(1, (os.cpu_count() or 2) // 2)
            _pools.append(
                ProcessPoolExecutor(workers, mp_context=_spawn, initializer=board_attach, initargs=(_board(),))
            )
        return _pools[0]


def pool_close() -> None:
    """End the children, or forget those that died; the next run starts new ones."""
    with _guard:
        closed = _pools[:]
        _pools.clear()
    for pool in closed:
        pool.shutdown(wait=False, cancel_futures=True)


class PoolRun:
    """A run in a child, as the parent sees it."""

    def __init__(self, slot: int, future: Future[EngineResult | None]) -> None:
        self.slot, self.future = slot, future

    @property
    def fraction(self) -> float:
        """How far the child is."""
        return float(_board()[2 * self.slot])

    def stop(self) -> None:
        """Ask the child to stop at its next report, or not to begin."""
        self.future.cancel()
        _board()[2 * self.slot + 1] = 1.0


@contextmanager
def pool_run(config: EngineConfig, panel: Panel) -> Iterator[PoolRun]:
    """Start a run in a child. Leaving early stops it; its slot is free once the child has ended."""
    slot = _slot_take()
    try:
        run = PoolRun(slot, _pool().submit(run_in_child, slot, config, panel))
    except BaseException:
        _slot_free(slot)
        raise
    run.future.add_done_callback(partial(_slot_free, slot))
    try:
        yield run
    finally:
        if not run.future.done():
            run.stop()


def _slot_take() -> int:
    with _guard:
        if not _free:
            raise TooMany("POOL_FULL", f"{SLOTS} backtests are running already; try again later.")
        slot = _free.pop()
    _board()[2 * slot] = _board()[2 * slot + 1] = 0.0
    return slot


def _slot_free(slot: int, _future: Future[EngineResult | None] | None = None) -> None:
    with _guard:
        _free.add(slot)
