"""A small market and a paper account to trade it on, built through the services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from marketdata import calendars
from marketdata.models import Feed
from marketdata.services import bars_ingest, feed_create
from portfolio.models import Account
from portfolio.services import account_open
from risk.models import AccountRisk
from risk.services import account_risk_create

SYMBOLS = ("AAA", "BBB", "CCC")
FIRST = date(2010, 1, 4)


def random_walk(
    symbols: tuple[str, ...] = SYMBOLS, *, sessions: int = 120, seed: int = 7, volume: int = 1_000_000, late: int = 0
) -> pd.DataFrame:
    """Bars of correlated random walks on consecutive sessions, to the cent; the last symbol may be listed late."""
    random = np.random.default_rng(seed)
    days = calendars.calendar_get("XNYS").days
    at = calendars.calendar_get("XNYS").index_from(FIRST)
    times = days[at : at + sessions].astype("datetime64[s]")
    common = random.normal(0.0, 0.01, sessions)
    frames = []
    for place, symbol in enumerate(symbols):
        close = 50.0 * (place + 1) * np.exp(np.cumsum(common + random.normal(0.0005, 0.015, sessions)))
        opens = np.concatenate([[close[0]], close[:-1]]) * np.exp(random.normal(0.0, 0.006, sessions))
        high = np.maximum(opens, close) * np.exp(np.abs(random.normal(0.0, 0.006, sessions)))
        low = np.minimum(opens, close) * np.exp(-np.abs(random.normal(0.0, 0.006, sessions)))
        frame = pd.DataFrame(
            {
                "symbol": symbol,
                "time": times,
                "open": np.round(opens, 2),
                "high": np.round(high, 2) + 0.01,
                "low": np.round(low, 2) - 0.01,
                "close": np.round(close, 2),
                "volume": random.integers(volume // 2, volume * 2, sessions).astype(float),
            }
        )
        frames.append(frame.iloc[late:] if late and place == len(symbols) - 1 else frame)
    return pd.concat(frames, ignore_index=True)


@dataclass
class World:
    """A feed at its start and one paper account on it."""

    feed: Feed
    account: Account

    @property
    def risk(self) -> AccountRisk:
        """The account's limits row."""
        return AccountRisk.objects.get(account=self.account)

    def limits(self, **values: Any) -> None:
        """Set limits straight: the tests of the services are elsewhere."""
        AccountRisk.objects.filter(account=self.account).update(**values)

    def fresh(self) -> Account:
        """The account as it is now."""
        return Account.objects.get(pk=self.account.pk)


def world_make(
    owner: Any,
    *,
    frame: pd.DataFrame | None = None,
    start_row: int = 40,
    capital: str = "100000",
    kind: str = "cash",
    name: str = "Paper",
    tick: str | None = "0.01",
) -> World:
    """Ingest the bars, open a waiting replay at a row of them and an account on it."""
    frame = random_walk() if frame is None else frame
    bars_ingest(frame=frame, provider="file", tick=Decimal(tick) if tick else None)
    start_on = np.unique(frame["time"].to_numpy())[start_row].astype("datetime64[D]").item()
    feed = feed_create(name="Replay", start_on=start_on)
    return World(feed, account_make(owner, feed, capital=capital, kind=kind, name=name))


def account_make(
    owner: Any, feed: Feed, *, capital: str = "100000", kind: str = "cash", name: str = "Paper"
) -> Account:
    """Open a paper account with the unrestricted profile."""
    account = account_open(
        owner=owner,
        name=name,
        kind=kind,
        feed=feed,
        capital=Decimal(capital),
        actor=owner,
        market_time=feed.market_time,
    )
    account_risk_create(account=account, profile_code="PAPER")
    return account
