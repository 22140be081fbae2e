"""Panels: shapes, windows, and what a window may see."""

import numpy as np
import pytest

from marketdata.bars import FIELDS, Bar, Panel, panel_empty

DAYS = np.arange("2006-06-19", "2006-06-23", dtype="datetime64[D]")


def a_panel() -> Panel:
    """Four days of two assets; the second is listed from the third day."""
    panel = panel_empty(DAYS, ("AAA", "BBB"))
    for offset, name in enumerate(FIELDS):
        getattr(panel, name)[:, 0] = np.arange(4) + 10 * offset
        getattr(panel, name)[2:, 1] = np.arange(2) + 100 * offset
    panel.adjustment[:, 0] = [1.0, 1.0, 2.0, 2.0]
    panel.adjustment[2:, 1] = 1.0
    return panel


def test_a_row_and_what_is_before_it_is_all_that_is_visible():
    assert a_panel().until(1).times.tolist() == DAYS[:2].tolist()


def test_a_window_is_the_newest_rows_and_a_view():
    panel = a_panel()
    window = panel.window(2)
    assert window.times.tolist() == DAYS[2:].tolist()
    assert np.shares_memory(window.close, panel.close)
    assert panel.window(99).n_observations == 4


def test_columns_are_found_by_symbol():
    assert a_panel().column("BBB") == 1
    with pytest.raises(KeyError):
        a_panel().column("CCC")


def test_a_bar_is_missing_where_the_asset_was_not_listed():
    panel = a_panel()
    assert panel.bar(1, 1) is None
    assert panel.bar(2, 1) == Bar(0.0, 100.0, 200.0, 300.0, 400.0)
    assert [symbol for symbol, _ in panel.bars(1)] == ["AAA"]


def test_rows_are_found_by_session():
    assert a_panel().row(np.datetime64("2006-06-21")) == 2
    assert a_panel().row(np.datetime64("2006-07-21")) is None


def test_select_orders_assets_as_named():
    assert a_panel().select(("BBB", "AAA")).symbols == ("BBB", "AAA")
    assert a_panel().select(("BBB",)).close.shape == (4, 1)


def test_adjusted_prices_are_in_the_money_of_the_last_row():
    """A factor that doubles at the third day halves what came before, and the newest price is untouched."""
    panel = a_panel()
    assert panel.adjusted(panel.close)[:, 0].tolist() == [15.0, 15.5, 32.0, 33.0]
    assert np.isnan(panel.adjusted(panel.close)[:2, 1]).all()


def test_an_adjustment_never_looks_ahead():
    panel = a_panel().until(1)
    assert panel.adjusted(panel.close)[:, 0].tolist() == [30.0, 31.0]


def test_arrays_that_do_not_fit_are_refused():
    panel = a_panel()
    with pytest.raises(ValueError, match="volume"):
        Panel(panel.times, panel.symbols, panel.open, panel.high, panel.low, panel.close, panel.volume[:2], panel.close)
