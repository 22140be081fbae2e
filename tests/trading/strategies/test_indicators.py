"""Indicators against outside numbers and against their definitions.

Seen red: a running-sum average made `test_sma_forgets_what_has_left_the_window` fail (1e16 passed by and left dust).
"""

import numpy as np
import pytest

from trading.strategies.indicators import above, hold, rolling_max, rolling_min, rsi, shift, sma


def column(*values):
    return np.array(values, dtype=float)[:, None]


def test_sma_is_the_mean_of_its_window():
    assert np.allclose(sma(column(1, 2, 3, 4, 5), 3)[2:, 0], [2, 3, 4])
    assert np.isnan(sma(column(1, 2, 3, 4, 5), 3)[:2]).all()


def test_sma_forgets_what_has_left_the_window():
    values = column(1e16, 1, 2, 3)
    assert sma(values, 3)[3, 0] == 2.0


def test_sma_has_no_value_where_its_window_misses_a_price():
    assert np.isnan(sma(column(1, np.nan, 3, 4, 5), 2)[:3]).all()
    assert sma(column(1, np.nan, 3, 4, 5), 2)[3, 0] == 3.5


def test_sma_of_too_few_rows_is_nan():
    assert np.isnan(sma(column(1, 2), 3)).all()


def test_rolling_extremes():
    values = column(3, 1, 4, 1, 5)
    assert rolling_max(values, 2)[1:, 0].tolist() == [3, 4, 4, 5]
    assert rolling_min(values, 2)[1:, 0].tolist() == [1, 1, 1, 1]
    assert shift(values, 2)[2:, 0].tolist() == [3, 1, 4]


def test_rsi_is_wilders():
    """Closes and RSI(14) of the worked example of StockCharts' ChartSchool (Relative Strength Index), at 2 decimals."""
    closes = column(
        44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931, 46.0328,
        45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439,
    )  # fmt: skip
    assert rsi(closes, 14)[14:, 0] == pytest.approx([70.53, 66.32, 66.55, 69.41, 66.36, 57.97], abs=0.01)
    assert np.isnan(rsi(closes, 14)[:14]).all()


def test_rsi_without_losses_or_without_any_change():
    assert rsi(column(1, 2, 3), 2)[2, 0] == 100.0
    assert rsi(column(1, 1, 1), 2)[2, 0] == 50.0


def test_rsi_skips_a_missing_price():
    with_gap = rsi(column(10, 11, np.nan, 10, 12), 2)[:, 0]
    without = rsi(column(10, 11, 10, 12), 2)[:, 0]
    assert np.isnan(with_gap[2])
    assert with_gap[[3, 4]].tolist() == without[[2, 3]].tolist()


def test_equal_within_tolerance_is_not_above():
    assert not above(np.array([1.0 + 1e-10]), 1.0)[0]
    assert above(np.array([1.0 + 1e-8]), 1.0)[0]
    assert not above(np.array([np.nan]), 1.0)[0]


def test_hold_keeps_its_state_where_nothing_speaks():
    enter = np.array([[False], [True], [False], [False], [False]])
    leave = np.array([[False], [False], [False], [True], [False]])
    known = np.array([[True], [True], [False], [True], [True]])
    assert np.array_equal(hold(enter, leave, known)[:, 0], [0, 1, np.nan, 0, 0], equal_nan=True)
