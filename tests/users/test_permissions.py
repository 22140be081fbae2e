"""The scope a method needs."""

from typing import Any

import pytest

from users.permissions import scope_needed


class View:
    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


@pytest.mark.parametrize(
    ("view", "method", "scope"),
    [
        (View(), "GET", "read"),
        (View(), "HEAD", "read"),
        (View(), "OPTIONS", "read"),
        (View(), "POST", "trade"),
        (View(), "DELETE", "trade"),
        (View(), "ANYTHING", "trade"),
        (View(required_scope={"POST": "admin"}), "POST", "admin"),
        (View(required_scope={"POST": "admin"}), "GET", "read"),
        (View(required_scope="admin"), "GET", "admin"),
    ],
)
def test_scope_needed(view: View, method: str, scope: str) -> None:
    assert scope_needed(view, method) == scope
