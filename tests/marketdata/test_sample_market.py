"""The sample market as it comes out of the ordinary ingest."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from marketdata import selectors, services
from marketdata.models import DatasetVersion, Instrument

pytestmark = pytest.mark.django_db

SYMBOLS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")


@pytest.fixture
def panel(lake_folder):
    run = services.sample_market_load()
    assert run.rows_quarantined == 0
    return selectors.panel_get(symbols=SYMBOLS, version=run.dataset_version)


def daily_return(panel, symbol, day):
    row, column = panel.row(np.datetime64(day)), panel.column(symbol)
    return panel.close[row, column] / panel.close[row - 1, column] - 1


def test_the_sample_market(panel):
    """Split days are ordinary days, a real crash is kept, and a late listing has nothing before it.

    Seen red with the closes left as printed on the day: AAPL 2000-06-21 fell by 45 %.
    """
    for symbol, day in (("AAPL", "2000-06-21"), ("AAPL", "2005-02-28"), ("MSFT", "2003-02-18")):
        assert abs(daily_return(panel, symbol, day)) < 0.10, (symbol, day)
    assert daily_return(panel, "AAPL", "2000-09-29") == pytest.approx(-0.519, abs=0.002)
    listed = panel.times[~np.isnan(panel.close[:, panel.column("FB")])]
    assert listed[0] == np.datetime64("2012-05-18")
    assert panel.times[0] == np.datetime64("2000-03-01")
    assert panel.times[-1] == np.datetime64("2013-03-01")

    fb = selectors.instrument_get("FB")
    assert (fb.first_bar_on, fb.last_bar_on, fb.tick) == (date(2012, 5, 18), date(2013, 3, 1), Decimal("0.0001"))
    assert Instrument.objects.count() == 5

    version = DatasetVersion.objects.get()
    assert (version.rows, version.symbols) == (4 * 3270 - (3270 - 2148) + 196, 5)
    assert services.sample_market_load().rows_unchanged == version.rows
    assert DatasetVersion.objects.count() == 1


def test_prices_are_on_the_samples_tick_and_volume_is_untouched(panel):
    close = panel.close[panel.row(np.datetime64("2006-06-19")), panel.column("IBM")]
    assert Decimal(repr(float(close))) % Decimal("0.0001") == 0
    assert panel.volume[panel.row(np.datetime64("2000-03-01")), panel.column("IBM")] == 10_807_800
