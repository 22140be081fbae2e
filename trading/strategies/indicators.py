"""Indicators over panels: windowed means and extremes, Wilder's RSI, and equality within tolerance. Pure.

Arrays are `(n_observations, n_assets)`, newest last; row t uses rows up to t only. A window sums and compares from its
oldest row to its newest, so that the same rows give the same bits however long the history before them is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

EQUAL_RELATIVE = 1e-9


def above(left: FloatArray, right: FloatArray | float, relative: float = EQUAL_RELATIVE) -> BoolArray:
    """Where `left` exceeds `right` by more than `relative` of the larger magnitude.

    Parameters
    ----------
    left, right : array_like
        Values of one unit, broadcast against each other.
    relative : float
        Values no further apart than this fraction are equal, so neither is above the other.

    Returns
    -------
    ndarray of bool
        False where either is NaN.
    """
    return np.asarray(left - right > relative * np.maximum(np.abs(left), np.abs(right)))


def sma(values: FloatArray, window: int) -> FloatArray:
    """Simple moving average of the newest `window` rows.

    Parameters
    ----------
    values : ndarray, shape (n_observations, n_assets)
    window : int
        Rows averaged, at least 1.

    Returns
    -------
    ndarray, shape (n_observations, n_assets)
        NaN in the first ``window - 1`` rows and wherever the window holds a NaN.

    Notes
    -----
    Each window is summed anew. A running sum is faster and drifts: where two averages meet it decides differently.
    """
    result = np.full(values.shape, np.nan)
    rows = len(values) - window + 1
    if rows < 1:
        return result
    total = values[:rows].copy()
    for offset in range(1, window):
        total += values[offset : offset + rows]
    result[window - 1 :] = total / window
    return result


def _rolling(values: FloatArray, window: int, choose: np.ufunc) -> FloatArray:
    result = np.full(values.shape, np.nan)
    rows = len(values) - window + 1
    if rows < 1:
        return result
    best = values[:rows].copy()
    for offset in range(1, window):
        choose(best, values[offset : offset + rows], out=best)
    result[window - 1 :] = best
    return result


def rolling_max(values: FloatArray, window: int) -> FloatArray:
    """Highest value of the newest `window` rows.

    Parameters
    ----------
    values : ndarray, shape (n_observations, n_assets)
    window : int
        Rows looked at, at least 1.

    Returns
    -------
    ndarray, shape (n_observations, n_assets)
        NaN in the first ``window - 1`` rows and wherever the window holds a NaN.
    """
    return _rolling(values, window, np.maximum)


def rolling_min(values: FloatArray, window: int) -> FloatArray:
    """Lowest value of the newest `window` rows.

    Parameters
    ----------
    values : ndarray, shape (n_observations, n_assets)
    window : int
        Rows looked at, at least 1.

    Returns
    -------
    ndarray, shape (n_observations, n_assets)
        NaN in the first ``window - 1`` rows and wherever the window holds a NaN.
    """
    return _rolling(values, window, np.minimum)


def shift(values: FloatArray, rows: int = 1) -> FloatArray:
    """`values` as they were `rows` observations ago.

    Parameters
    ----------
    values : ndarray, shape (n_observations, n_assets)
    rows : int
        At least 1.

    Returns
    -------
    ndarray, shape (n_observations, n_assets)
        NaN in the first `rows` rows.
    """
    result = np.full(values.shape, np.nan)
    result[rows:] = values[:-rows]
    return result


def rsi(values: FloatArray, period: int) -> FloatArray:
    """Relative strength index with Wilder's smoothing, from 0 to 100.

    Parameters
    ----------
    values : ndarray, shape (n_observations, n_assets)
        Prices.
    period : int
        Changes in the first average, and the divisor of the smoothing; at least 1.

    Returns
    -------
    ndarray, shape (n_observations, n_assets)
        NaN until an asset has shown ``period`` changes, and on rows where it has no price. A missing price is
        skipped: the next change is taken from the last price seen. 100 without any loss, 50 without any change.

    Notes
    -----
    J. Welles Wilder, *New Concepts in Technical Trading Systems* (1978), section VI: the first averages are simple
    means, each later one is ``(previous * (period - 1) + now) / period``. It never forgets, so it has no lookback.
    """
    result = np.full(values.shape, np.nan)
    assets = values.shape[1]
    last, seen = np.full(assets, np.nan), np.zeros(assets, dtype=np.int64)
    gain, loss = np.zeros(assets), np.zeros(assets)
    for row, price in enumerate(values):
        change = price - last
        known = ~np.isnan(change)
        last = np.where(np.isnan(price), last, price)
        seen = seen + known
        up, down = np.where(change > 0, change, 0.0), np.where(change < 0, -change, 0.0)
        smoothing = seen > period
        gain = np.where(known, np.where(smoothing, (gain * (period - 1) + up) / period, gain + up / period), gain)
        loss = np.where(known, np.where(smoothing, (loss * (period - 1) + down) / period, loss + down / period), loss)
        both = gain + loss
        ratio = np.divide(gain, both, out=np.full(assets, 0.5), where=both > 0)
        result[row] = np.where(known & (seen >= period), 100.0 * ratio, np.nan)
    return result


def hold(enter: BoolArray, leave: BoolArray, known: BoolArray, state: FloatArray | None = None) -> FloatArray:
    """State of a switch that `enter` turns on and `leave` turns off, which otherwise stays as it was.

    Parameters
    ----------
    enter, leave : ndarray of bool, shape (n_observations, n_assets)
        Entering wins where both hold.
    known : ndarray of bool, shape (n_observations, n_assets)
        Where the rule can be told at all; elsewhere the state stays and is reported as NaN.
    state : ndarray, shape (n_assets,), optional
        The state before the first row; off when not given.

    Returns
    -------
    ndarray, shape (n_observations, n_assets)
        1 on, 0 off, NaN where unknown.
    """
    result = np.full(enter.shape, np.nan)
    current = np.zeros(enter.shape[1]) if state is None else state.copy()
    for row in range(len(enter)):
        current = np.where(known[row], np.where(enter[row], 1.0, np.where(leave[row], 0.0, current)), current)
        result[row] = np.where(known[row], current, np.nan)
    return result
