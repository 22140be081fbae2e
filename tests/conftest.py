"""The cast: alice owns, bob may read, charlie may nothing, dora manages risk, oscar operates; and a world to trade."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from marketdata import panels
from tests.operations.lifting import flush_past_triggers

DATABASE_FIXTURES = frozenset({"db", "transactional_db", "django_db_setup"})


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On named servers only what touches a database or a server runs: pure tests have run on the embedded profile."""
    if not os.environ.get("TEST_DATABASE_URL"):
        return
    wanted, left = [], []
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        marks = {mark.name for mark in item.iter_markers()}
        touches = names & DATABASE_FIXTURES or marks & {"django_db", "postgres", "redis"} or "chaos" in str(item.path)
        (wanted if touches else left).append(item)
    config.hook.pytest_deselected(items=left)
    items[:] = wanted


@pytest.fixture(autouse=True, scope="session")
def _flush() -> Iterator[None]:
    """Append-only tables refuse the test runner too; between transactional tests their triggers are lifted."""
    with flush_past_triggers():
        yield


def _person(name: str, **fields: Any) -> Any:
    from users.services import user_create

    return user_create(username=name, password="correct horse battery", **fields)


@pytest.fixture
def alice(db: None) -> Any:
    """Owns."""
    return _person("alice")


@pytest.fixture
def bob(db: None) -> Any:
    """May read what he is let into."""
    return _person("bob")


@pytest.fixture
def charlie(db: None) -> Any:
    """May nothing."""
    return _person("charlie")


@pytest.fixture
def dora(db: None) -> Any:
    """Manages risk."""
    return _person("dora", site_role="risk_manager", is_staff=True)


@pytest.fixture
def oscar(db: None) -> Any:
    """Operates."""
    return _person("oscar", site_role="operator", is_staff=True)


@pytest.fixture
def lake(settings: Any, tmp_path: Any) -> Iterator[Any]:
    """A lake of its own, in a folder that ends with the test."""
    settings.LAKE_URL = str(tmp_path / "lake")
    settings.PANEL_DIR = tmp_path / "panels"
    yield tmp_path
    panels.panels_forget()


@pytest.fixture
def world(lake: Any, alice: Any) -> Any:
    """Alice's paper account of 100,000 USD on a replay of three random walks."""
    from tests.world import world_make

    return world_make(alice)
