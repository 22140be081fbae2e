"""A lake of its own for each test, and small frames of made-up bars."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from marketdata import calendars, panels

Frame = Callable[..., pd.DataFrame]


@pytest.fixture
def lake_folder(settings, tmp_path):
    """The site's lake and panels in a folder that ends with the test."""
    settings.LAKE_URL = str(tmp_path / "lake")
    settings.PANEL_DIR = tmp_path / "panels"
    settings.MARKETDATA_FEED_RESOLVER = None
    yield tmp_path
    panels.panels_forget()


@pytest.fixture
def a_frame() -> Frame:
    """Bars of named symbols on consecutive sessions: close 100.5, 101.5, … from the first day on, open 0.5 below."""

    def make(symbols: Sequence[str] = ("AAA",), start: str = "2006-06-12", count: int = 10) -> pd.DataFrame:
        first = pd.Timestamp(start).date()
        days = calendars.calendar_get("XNYS").days
        at = calendars.calendar_get("XNYS").index_from(first)
        times = days[at : at + count].astype("datetime64[s]")
        opens = 100.0 + np.arange(count)
        one = pd.DataFrame(
            {
                "time": times,
                "open": opens,
                "high": opens + 1.0,
                "low": opens - 1.0,
                "close": opens + 0.5,
                "volume": 1000.0 + np.arange(count),
            }
        )
        return pd.concat([one.assign(symbol=symbol) for symbol in symbols], ignore_index=True)

    return make
