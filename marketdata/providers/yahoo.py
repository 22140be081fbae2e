"""Yahoo Finance through the package yfinance. Adapter (network).

Left alone the package answers an HTTP error with an empty frame and the word "delisted". Here its session raises on
every server's fault, so that only Yahoo's own "no such symbol" is a refusal and everything else may be asked again.
The package is imported at first use: it is slow to load, and a site on replay never needs it.
"""

import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import numpy as np
import pandas as pd

from marketdata.providers.base import (
    Capability,
    Listing,
    MarketDataProvider,
    ProviderQuote,
    Refused,
    Temporary,
    refuse,
)
from marketdata.rounding import decimal_from_float

_FIRST_DAY = date(1962, 1, 2)
# The package keeps one session for the whole process.
_guard = threading.Lock()


class YahooProvider:
    """Quotes and daily bars of Yahoo Finance; prices as traded (split-adjusted by Yahoo), dividends in `adjustment`."""

    name = "yfinance"
    capabilities = frozenset({Capability.DAILY_BARS, Capability.QUOTES})

    def __init__(self, *, base_url: str | None = None, timeout_s: float = 10.0) -> None:
        self.base_url = base_url
        self.timeout_s = timeout_s

    def catalogue(self) -> Sequence[Listing]:
        """Yahoo cannot be listed."""
        raise refuse(self, Capability.CATALOGUE)

    def get_quote(self, symbol: str) -> ProviderQuote:
        """The regular market's last price, with its time and, where given, its volume."""
        _, meta = self._chart(symbol, period="1d")
        price = meta.get("regularMarketPrice")
        stamp = meta.get("regularMarketTime")
        if not isinstance(price, int | float) or not np.isfinite(price) or price <= 0 or stamp is None:
            raise Temporary(f"Yahoo gave no price for {symbol}.")
        volume = meta.get("regularMarketVolume")
        return ProviderQuote(
            symbol=symbol,
            price=decimal_from_float(price),
            bid=None,
            ask=None,
            volume=_decimal_or_none(volume),
            as_of=_instant(stamp),
            currency=str(meta.get("currency") or ""),
            source=self.name,
        )

    def get_historical_data(
        self, symbol: str, start: date | None = None, end: date | None = None, interval: str = "1d"
    ) -> pd.DataFrame:
        """Daily bars; an empty frame means that Yahoo answered, and has none in the range."""
        if interval != "1d":
            raise refuse(self, Capability.DAILY_BARS)
        until = None if end is None else end + timedelta(days=1)
        frame, _ = self._chart(symbol, start=start or _FIRST_DAY, end=until)
        return _bars(symbol, frame)

    def _chart(self, symbol: str, **span: Any) -> tuple[pd.DataFrame, dict[str, Any]]:
        """One question to Yahoo's chart service: the frame, and the facts sent along with it."""
        import yfinance
        from curl_cffi.requests.exceptions import RequestException
        from yfinance.data import YfData
        from yfinance.exceptions import YFException, YFRateLimitError, YFTickerMissingError

        with _guard:
            yfinance.config.debug.hide_exceptions = False
            session = _session(self.base_url)
            ticker = yfinance.Ticker(symbol, session=session)
            try:
                frame = ticker.history(
                    interval="1d", auto_adjust=False, actions=True, keepna=True, timeout=self.timeout_s, **span
                )
            except YFRateLimitError:
                raise Temporary("Yahoo limits the rate of questions; try again in a few minutes.") from None
            except YFTickerMissingError as error:
                frame = _nothing(symbol, session, error)
            except (
                YFException,
                RequestException,
                ValueError,
                KeyError,
                TypeError,
                IndexError,
                AttributeError,
            ) as error:
                # The package trips over answers that are no chart (HTML, truncated JSON) in all of these ways.
                raise _unreadable(symbol, session, error) from error
            finally:
                # The package would answer the same question with the same failed response until the process ends.
                YfData.cache_get.cache_clear()
        if session.failed_status is not None:
            raise _unreadable(symbol, session, None)
        meta = _meta(session)
        if not meta:
            raise Temporary(f"Yahoo sent nothing for {symbol}.")
        return frame, meta


def _nothing(symbol: str, session: Any, error: BaseException) -> pd.DataFrame:
    """An empty frame where Yahoo knows the symbol and has no bars in the range; else the error it is."""
    if session.failed_status is None:
        chart = session.answer.get("chart")
        told = chart.get("error") if isinstance(chart, dict) else None
        if isinstance(told, dict):
            reason = str(told.get("description") or told.get("code") or "no data").rstrip(".")[:200]
            raise Refused(f"Yahoo has no data for {symbol}: {reason}.") from error
        if _meta(session):
            return pd.DataFrame()
    raise _unreadable(symbol, session, error) from error


def _unreadable(symbol: str, session: Any, error: BaseException | None) -> Temporary:
    if session.failed_status is not None:
        return Temporary(f"Yahoo failed with HTTP {session.failed_status} on {symbol}.")
    return Temporary(f"Yahoo's answer for {symbol} could not be read ({type(error).__name__}).")


def _meta(session: Any) -> dict[str, Any]:
    """The facts that came with the last chart, empty where there were none."""
    try:
        meta = session.answer["chart"]["result"][0]["meta"]
    except (KeyError, IndexError, TypeError):
        return {}
    return meta if isinstance(meta, dict) else {}


def _session(base_url: str | None) -> Any:
    """A session that remembers how the chart service answered, and that may be pointed at another address."""
    from curl_cffi import requests

    class WatchedSession(requests.Session):
        """Remembers the last chart answer, and its status where that was not the answer's fault."""

        answer: dict[str, Any]
        failed_status: int | None = None

        def request(self, method: Any, url: str, *args: Any, **kwargs: Any) -> Any:
            if base_url is not None:
                here, there = urlsplit(base_url), urlsplit(url)
                url = urlunsplit((here.scheme, here.netloc, there.path, there.query, ""))
            response = super().request(method, url, *args, **kwargs)
            if "/chart/" in url:
                failed = response.status_code >= 500 or response.status_code in (401, 403, 408, 429)
                self.failed_status = response.status_code if failed else None
                self.answer = _json(response)
            return response

    session = WatchedSession(impersonate="chrome")
    session.answer = {}
    return session


def _json(response: Any) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _bars(symbol: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Yahoo's frame under our names. Its adjusted close / close, anchored at the first bar, never looks ahead."""
    if frame.empty:
        names = ["symbol", "time", "open", "high", "low", "close", "volume", "adjustment"]
        return pd.DataFrame({name: [] for name in names})
    factor = (frame["Adj Close"] / frame["Close"]).to_numpy(dtype=float)
    known = factor[np.isfinite(factor)]
    return pd.DataFrame(
        {
            "symbol": symbol,
            "time": pd.DatetimeIndex(frame.index).tz_localize(None).normalize(),
            "open": frame["Open"].to_numpy(dtype=float),
            "high": frame["High"].to_numpy(dtype=float),
            "low": frame["Low"].to_numpy(dtype=float),
            "close": frame["Close"].to_numpy(dtype=float),
            "volume": frame["Volume"].to_numpy(dtype=float),
            "adjustment": factor / known[0] if len(known) else factor,
        }
    )


def _instant(stamp: Any) -> datetime:
    if isinstance(stamp, int | float):
        return datetime.fromtimestamp(stamp, UTC)
    return pd.Timestamp(stamp).tz_convert("UTC").to_pydatetime()


def _decimal_or_none(value: Any) -> Decimal | None:
    return decimal_from_float(float(value)) if isinstance(value, int | float) and np.isfinite(value) else None


_: type[MarketDataProvider] = YahooProvider
