"""What the tests of operations share."""

from collections.abc import Iterator

import pytest

from tests.operations.lifting import flush_past_triggers
from users.models import User
from users.services import user_create


@pytest.fixture(autouse=True, scope="session")
def _flush() -> Iterator[None]:
    with flush_past_triggers():
        yield


@pytest.fixture
def alice(db: None) -> User:
    return user_create(username="alice", password="correct horse battery")


@pytest.fixture
def bob(db: None) -> User:
    return user_create(username="bob", password="correct horse battery")
