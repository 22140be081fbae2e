"""Target rows: levels, acted on only when they change; latches, direction and the rebalance band. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trading.terms import Direction

Number = Any  # Decimal or float; one type in one call


@dataclass(frozen=True, slots=True)
class TargetStep:
    """What one row of targets means after the one before it.

    `row` is the level of every symbol once NaN has kept and direction has clipped: the next step's `previous`.
    `effective` is the same with latched symbols flat. `changes` are the symbols to act on, in order; `latched` the
    latches that remain, `released` those that ended.
    """

    row: dict[str, Number]
    effective: dict[str, Number]
    changes: tuple[str, ...]
    latched: dict[str, int]
    released: tuple[str, ...]


def targets_step(
    previous: Mapping[str, Number] | None,
    current: Mapping[str, Number],
    latched: Mapping[str, int],
    direction: Direction,
    *,
    weights: Mapping[str, Number] | None = None,
    rebalance_band: Number | None = None,
) -> TargetStep:
    """Compare a row of targets with the one before it.

    Parameters
    ----------
    previous : mapping of symbol to number, or None
        The `row` of the step before; None at the first bar after start, when every target is adopted.
    current : mapping of symbol to number
        What the strategy says now; NaN keeps.
    latched : mapping of symbol to int
        Symbols a protective exit holds flat, with the sign of the position it closed.
    weights : mapping of symbol to number, optional
        Present weights of the deployment; with `rebalance_band` a symbol whose weight is further than the band from
        its target is acted on though the target did not change. For `kind = weights`.
    """
    row = {symbol: _level(value, (previous or {}).get(symbol), direction) for symbol, value in current.items()}
    released = tuple(sorted(symbol for symbol in latched if symbol in row and sign_of(row[symbol]) != latched[symbol]))
    kept = {symbol: sign for symbol, sign in latched.items() if symbol not in released}
    effective = {symbol: level * 0 if symbol in kept else level for symbol, level in row.items()}
    changes = []
    for symbol in sorted(row):
        if symbol in kept:
            continue
        if previous is None or row[symbol] != previous.get(symbol, 0) or _outside(symbol, row, weights, rebalance_band):
            changes.append(symbol)
    return TargetStep(row, effective, tuple(changes), kept, released)


def _level(value: Number, before: Number | None, direction: Direction) -> Number:
    if math.isnan(value):
        return 0 if before is None else before
    return value * 0 if direction == Direction.LONG and value < 0 else value


def sign_of(value: Number) -> int:
    """-1, 0 or +1."""
    return (value > 0) - (value < 0)


def _outside(symbol: str, row: Mapping[str, Number], weights: Mapping[str, Number] | None, band: Number | None) -> bool:
    if band is None or weights is None:
        return False
    return abs(weights.get(symbol, row[symbol] * 0) - row[symbol]) > band
