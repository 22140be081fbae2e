"""A site with a small market, two people, and their ways in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from rest_framework.test import APIClient

from marketdata import calendars, panels
from marketdata.services import bars_ingest
from tests.operations.lifting import flush_past_triggers
from users.models import User
from users.services import user_create

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True, scope="session")
def _flush() -> Iterator[None]:
    with flush_past_triggers():
        yield


@pytest.fixture
def alice(db: None) -> User:
    return user_create(username="alice", password=PASSWORD)


@pytest.fixture
def charlie(db: None) -> User:
    return user_create(username="charlie", password=PASSWORD)


@pytest.fixture
def market(db: None, settings, tmp_path) -> Iterator[None]:
    """AAA and BBB, 400 sessions from 2004 on, waves that every strategy trades; CCC lists in the last 100."""
    settings.LAKE_URL, settings.PANEL_DIR = str(tmp_path / "lake"), tmp_path / "panels"
    days = calendars.calendar_get("XNYS").days
    first = calendars.calendar_get("XNYS").index_from(pd.Timestamp("2004-01-02").date())
    frames = []
    for symbol, phase, late in (("AAA", 0.0, 0), ("BBB", 1.5, 0), ("CCC", 0.7, 300)):
        rows = np.arange(late, 400)
        close = np.round(50 + 10 * np.sin(rows / 17 + phase) + rows / 40, 2)
        bars = {"open": close, "high": close + 0.5, "low": close - 0.5, "close": close, "volume": 1e6}
        frames.append(pd.DataFrame({"time": days[first + rows].astype("datetime64[s]"), "symbol": symbol, **bars}))
    bars_ingest(frame=pd.concat(frames, ignore_index=True), provider="file")
    yield
    panels.panels_forget()


@pytest.fixture
def client_of():
    def make(user: User) -> APIClient:
        client = APIClient()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def body() -> dict:
    return {
        "start_date": "2004-06-01",
        "end_date": "2005-06-01",
        "symbols": ["AAA", "BBB"],
        "initial_capital": 100000,
    }
