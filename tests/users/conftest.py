"""What the tests of users share."""

from collections.abc import Iterator

import pytest
from django.test import Client

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
def bob(db: None) -> User:
    return user_create(username="bob", password=PASSWORD)


@pytest.fixture
def administrator(db: None) -> User:
    return user_create(username="ada", password=PASSWORD, site_role="administrator", is_staff=True)


@pytest.fixture
def admin_page(administrator: User) -> Client:
    client = Client()
    client.force_login(administrator)
    return client
