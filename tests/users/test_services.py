"""People, tokens, and the door."""

import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from operations.errors import Conflict, InvalidInput, NotFound
from operations.models import AuditEvent
from operations.services import audit_verify
from tests.users.conftest import PASSWORD
from users import selectors, services
from users.models import ApiToken, LoginEvent, User

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)


def test_user_create_is_audited_without_the_password(administrator: User) -> None:
    user = services.user_create(username="dora", password=PASSWORD, site_role="risk_manager", actor=administrator)
    assert user.check_password(PASSWORD)
    assert (user.site_role, user.is_superuser) == ("risk_manager", False)
    record = AuditEvent.objects.get(action="users.user.added", target=f"users.user:{user.pk}")
    assert (record.actor, record.stream) == (administrator, "site")
    assert PASSWORD not in str(record.after)


def test_administrators_pass_every_admin_permission(administrator: User) -> None:
    assert administrator.is_superuser
    assert administrator.is_staff


def test_user_create_refuses_a_taken_name_and_an_unknown_role(alice: User) -> None:
    with pytest.raises(Conflict):
        services.user_create(username="alice", password=PASSWORD)
    with pytest.raises(InvalidInput):
        services.user_create(username="eve", password=PASSWORD, site_role="king")
    assert User.objects.count() == 1


def test_without_a_password_nobody_signs_in() -> None:
    assert not services.user_create(username="robot", password=None).has_usable_password()


def test_only_a_digest_of_a_token_is_kept(alice: User) -> None:
    token, text = services.token_create(user=alice, name="bot", scopes=["trade", "read", "read"], expires_in=DAY)
    token.refresh_from_db()
    assert token.scopes == ["read", "trade"]
    assert token.usable()
    stored = [str(value) for row in ApiToken.objects.values() for value in row.values()]
    recorded = [str(value) for row in AuditEvent.objects.values() for value in row.values()]
    assert not any(text in value for value in stored + recorded)
    assert audit_verify() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"scopes": []},
        {"scopes": ["root"]},
        {"scopes": ["read", "root"]},
        {"name": " "},
        {"name": "x" * 81},
        {"expires_in": -DAY},
    ],
)
def test_token_create_refuses(alice: User, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        services.token_create(**{"user": alice, "name": "bot", "scopes": ["read"], "expires_in": DAY, **changes})
    assert not ApiToken.objects.exists()


def test_a_token_expires(alice: User) -> None:
    with time_machine.travel(datetime.datetime(2026, 3, 2, tzinfo=datetime.UTC), tick=False) as clock:
        token, _ = services.token_create(user=alice, name="bot", scopes=["read"], expires_in=DAY)
        assert token.usable()
        clock.shift(DAY)
        assert not token.usable()
    forever, _ = services.token_create(user=alice, name="bot", scopes=["read"], expires_in=None)
    assert forever.usable()


def test_revoking_is_final_and_audited_once(alice: User) -> None:
    token, _ = services.token_create(user=alice, name="bot", scopes=["read"], expires_in=DAY)
    services.token_revoke(token=token, actor=alice)
    first = token.revoked_at
    services.token_revoke(token=ApiToken.objects.get(), actor=alice)
    token.refresh_from_db()
    assert token.revoked_at == first
    assert not token.usable()
    assert AuditEvent.objects.filter(action="users.apitoken.revoked").count() == 1


def test_a_token_is_its_owners(alice: User, bob: User) -> None:
    token, _ = services.token_create(user=alice, name="bot", scopes=["read"], expires_in=DAY)
    assert selectors.token_get_for(alice, token.pk) == token
    with pytest.raises(NotFound):
        selectors.token_get_for(bob, token.pk)


def test_the_door_is_recorded(alice: User) -> None:
    client = Client(REMOTE_ADDR="192.0.2.7", headers={"user-agent": "a browser"})
    assert not client.login(username="alice", password="wrong")
    assert not client.login(username="nobody", password="wrong")
    client.post("/sign-in/login/", {"login": "alice", "password": PASSWORD})
    client.post("/sign-in/logout/")
    found = list(LoginEvent.objects.order_by("id").values_list("kind", "username", "user__username", "address"))
    assert found[:2] == [("refused", "alice", None, None), ("refused", "nobody", None, None)]
    assert found[-2:] == [
        ("signed_in", "alice", "alice", "192.0.2.7"),
        ("signed_out", "alice", "alice", "192.0.2.7"),
    ]


def test_strange_addresses_and_names_do_not_break_the_door() -> None:
    event = services.login_event_record(
        kind="refused", username="a\x00b" * 100, address="unix:/socket", user_agent="\x00" * 999
    )
    assert (event.address, len(event.username), len(event.user_agent)) == (None, 150, 300)


def test_nobody_signs_up_by_themselves(client: Client) -> None:
    client.post("/sign-in/signup/", {"username": "eve", "password1": PASSWORD, "password2": PASSWORD})
    assert not User.objects.filter(username="eve").exists()
