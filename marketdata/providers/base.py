"""What every source of market data offers, and how it fails. Pure.

A source declares its capabilities; asking for another is a refusal. It returns bars as a frame with the columns of
`marketdata.validation` and raises one of two errors. "No data" is an answer only when the source said so itself.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol, runtime_checkable

import pandas as pd


class Capability(StrEnum):
    """What a source can be asked for."""

    QUOTES = "quotes"
    DAILY_BARS = "daily_bars"
    CATALOGUE = "catalogue"


class ProviderError(Exception):
    """A source did not answer the question; the words are fit for people and hold no credentials."""


class Refused(ProviderError):  # noqa: N818 - the house says rejected, refused, temporary
    """Asking again will not help: an unknown symbol, an unreadable file, something the source does not offer."""


class Temporary(ProviderError):  # noqa: N818 - as above
    """Asking later may help: the network, a server's fault, a rate limit, an answer that cannot be read."""


class ProviderQuote(NamedTuple):
    """The latest price a source knows; bid, ask and volume where it gives them."""

    symbol: str
    price: Decimal
    bid: Decimal | None
    ask: Decimal | None
    volume: Decimal | None
    as_of: datetime
    currency: str
    source: str


class Listing(NamedTuple):
    """One instrument in a source's catalogue."""

    symbol: str
    name: str
    exchange: str
    currency: str
    calendar: str
    tick: Decimal | None


@runtime_checkable
class MarketDataProvider(Protocol):
    """A source of quotes and history."""

    name: str
    capabilities: frozenset[Capability]

    def catalogue(self) -> Sequence[Listing]:
        """The instruments the source can list."""
        ...

    def get_quote(self, symbol: str) -> ProviderQuote:
        """The latest quote."""
        ...

    def get_historical_data(
        self, symbol: str, start: date | None = None, end: date | None = None, interval: str = "1d"
    ) -> pd.DataFrame:
        """Bars from `start` to `end`, both included."""
        ...


def refuse(provider: MarketDataProvider, capability: Capability) -> Refused:
    """The error of a source that was asked for what it does not offer."""
    return Refused(f"The source {provider.name} offers no {capability.value.replace('_', ' ')}.")


def between(frame: pd.DataFrame, start: date | None, end: date | None) -> pd.DataFrame:
    """The rows of a frame with real dates from `start` to `end`, both included."""
    if start is not None:
        frame = frame[frame["time"] >= pd.Timestamp(start)]
    if end is not None:
        frame = frame[frame["time"] <= pd.Timestamp(end)]
    return frame.reset_index(drop=True)
