"""What the tests of users share."""

import pytest
from django.test import Client

from users.models import User
from users.services import user_create

PASSWORD = "correct horse battery"


@pytest.fixture
def administrator(db: None) -> User:
    return user_create(username="ada", password=PASSWORD, site_role="administrator", is_staff=True)


@pytest.fixture
def admin_page(administrator: User) -> Client:
    client = Client()
    client.force_login(administrator)
    return client
