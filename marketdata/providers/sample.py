"""The sample market: real daily bars that the package `bokeh_sampledata` carries. Adapter (disk).

The package's prices are as printed on the day; its adjusted close accounts for splits and dividends. Open, high, low
and close are scaled by adjusted close / close, which makes a total-return market in which no corporate actions are
booked; volume stays as it was. Prices are rounded to the sample's tick, so ledger and simulations read one number.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pandas as pd

from marketdata.providers.base import (
    Capability,
    Listing,
    MarketDataProvider,
    ProviderQuote,
    Refused,
    between,
    refuse,
)
from marketdata.rounding import decimal_from_float

TICK: Final = Decimal("0.0001")
_TICK_DECIMALS: Final = 4
# (name, exchange) of what the package holds; names are its documentation's, exchanges where each was listed.
_LISTED: Final = {
    "AAPL": ("Apple", "XNAS"),
    "FB": ("Facebook", "XNAS"),
    "GOOG": ("Google", "XNAS"),
    "IBM": ("IBM", "XNYS"),
    "MSFT": ("Microsoft", "XNAS"),
}


class SampleProvider:
    """Five stocks, 2000 to 2013, without a network."""

    name = "sample"
    capabilities = frozenset({Capability.DAILY_BARS, Capability.CATALOGUE, Capability.QUOTES})

    def catalogue(self) -> Sequence[Listing]:
        """Everything in the sample."""
        return [
            Listing(symbol, name, exchange, "USD", "XNYS", TICK) for symbol, (name, exchange) in sorted(_LISTED.items())
        ]

    def get_quote(self, symbol: str) -> ProviderQuote:
        """The last close of the sample."""
        last = self.get_historical_data(symbol).iloc[-1]
        price = decimal_from_float(last["close"])
        return ProviderQuote(
            symbol=symbol,
            price=price,
            bid=None,
            ask=None,
            volume=decimal_from_float(last["volume"]),
            as_of=last["time"].tz_localize("UTC").to_pydatetime(),
            currency="USD",
            source=self.name,
        )

    def get_historical_data(
        self, symbol: str, start: date | None = None, end: date | None = None, interval: str = "1d"
    ) -> pd.DataFrame:
        """Daily bars, scaled to total return."""
        if interval != "1d":
            raise refuse(self, Capability.DAILY_BARS)
        if symbol not in _LISTED:
            raise Refused(f"The sample market has no {symbol}; it holds {', '.join(sorted(_LISTED))}.")
        return between(_total_return(symbol, _stocks()[symbol]), start, end)


@lru_cache(maxsize=1)
def _stocks() -> dict[str, dict[str, Sequence[Any]]]:
    try:
        from bokeh_sampledata import stocks
    except ImportError as error:
        raise Refused("The sample market needs the package bokeh-sampledata, which is not installed.") from error
    return {symbol: getattr(stocks, symbol) for symbol in _LISTED}


def _total_return(symbol: str, columns: dict[str, Sequence[Any]]) -> pd.DataFrame:
    close = np.asarray(columns["close"], dtype=float)
    factor = np.asarray(columns["adj_close"], dtype=float) / close
    scaled = {
        name: np.round(np.asarray(columns[name], dtype=float) * factor, _TICK_DECIMALS)
        for name in ("open", "high", "low", "close")
    }
    return pd.DataFrame(
        {
            "symbol": symbol,
            "time": pd.to_datetime(list(columns["date"]), format="%Y-%m-%d"),
            **scaled,
            "volume": np.asarray(columns["volume"], dtype=float),
            "adjustment": 1.0,
        }
    )


_: type[MarketDataProvider] = SampleProvider
