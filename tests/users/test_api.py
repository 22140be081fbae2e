"""Tokens over HTTP: who may make, see, use and revoke them."""

import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from rest_framework.test import APIClient

from tests.users.conftest import PASSWORD
from users.models import ApiToken, User
from users.services import token_create, token_revoke

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)


def signed_in(user: User) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


def with_token(user: User, *scopes: str, word: str = "Token") -> APIClient:
    _, text = token_create(user=user, name="bot", scopes=scopes, expires_in=DAY)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"{word} {text}")
    return client


@pytest.mark.parametrize("word", ["Token", "Bearer", "token", "BEARER"])
def test_a_token_says_who_asks(alice: User, word: str) -> None:
    assert with_token(alice, "read", word=word).get("/api/me").json() == {
        "id": alice.pk,
        "username": "alice",
        "email": "",
        "site_role": "member",
        "scopes": ["read"],
    }


def test_a_session_has_every_scope(alice: User) -> None:
    assert signed_in(alice).get("/api/me").json()["scopes"] == ["read", "trade", "admin"]


@pytest.mark.parametrize(
    "header",
    ["", "Token", "Token x", "Token a b", "Bearer x", "Basic YTpi", "Token ÿ", "Token " + "f" * 64],
)
@pytest.mark.parametrize("path", ["/api/me", "/api/tokens", "/api/tokens/1"])
def test_nobody_is_401(db: None, header: str, path: str) -> None:
    """Seen red with DRF's own SessionAuthentication first: 403."""
    client = APIClient()
    if header:
        client.credentials(HTTP_AUTHORIZATION=header.encode("latin-1").decode("latin-1"))
    response = client.get(path)
    assert (response.status_code, response.json()["code"]) == (401, "UNAUTHENTICATED")
    assert response["WWW-Authenticate"] == "Token"


def test_revoked_expired_and_disabled_are_401(alice: User) -> None:
    client = with_token(alice, "read")
    assert client.get("/api/me").status_code == 200
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert client.get("/api/me").status_code == 401
    User.objects.filter(pk=alice.pk).update(is_active=True)
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + 2 * DAY):
        assert client.get("/api/me").status_code == 401
    assert client.get("/api/me").status_code == 200
    token_revoke(token=ApiToken.objects.get(), actor=alice)
    assert client.get("/api/me").status_code == 401


def test_a_token_is_shown_once(alice: User) -> None:
    client = signed_in(alice)
    made = client.post("/api/tokens", {"name": "bot", "scopes": ["read", "trade"], "expires_in_days": 7})
    assert made.status_code == 201
    body = made.json()
    assert set(body) == {"id", "name", "scopes", "created_at", "expires_at", "last_used_on", "token"}
    listed = client.get("/api/tokens").json()
    assert [row["id"] for row in listed["results"]] == [body["id"]]
    assert "token" not in listed["results"][0]
    assert body["token"] not in str(listed)
    program = APIClient()
    program.credentials(HTTP_AUTHORIZATION=f"Token {body['token']}")
    assert program.get("/api/me").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "bot"},
        {"name": "bot", "scopes": []},
        {"name": "bot", "scopes": ["root"]},
        {"name": "bot", "scopes": "read"},
        {"name": "", "scopes": ["read"]},
        {"name": "a\x00b", "scopes": ["read"]},
        {"name": "bot", "scopes": ["read"], "expires_in_days": 0},
        {"name": "bot", "scopes": ["read"], "expires_in_days": 9999},
        [1],
        "x",
    ],
)
def test_what_is_no_token_is_400(alice: User, body: Any) -> None:
    response = signed_in(alice).post("/api/tokens", body, format="json")
    assert response.status_code == 400
    assert response.json()["message"]
    assert not ApiToken.objects.exists()


def test_a_token_without_the_scope_makes_and_revokes_none(alice: User) -> None:
    client = with_token(alice, "read", "trade")
    body = {"name": "more", "scopes": ["read"]}
    for response in (client.post("/api/tokens", body), client.delete(f"/api/tokens/{ApiToken.objects.get().pk}")):
        assert (response.status_code, response.json()["code"]) == (403, "SCOPE_MISSING")


def test_a_token_makes_none_that_may_do_more(alice: User) -> None:
    """Seen red without the comparison: an admin token minted a trading one."""
    client = with_token(alice, "read", "admin")
    assert client.post("/api/tokens", {"name": "more", "scopes": ["trade"]}).status_code == 403
    assert client.post("/api/tokens", {"name": "less", "scopes": ["read"]}).status_code == 201


def test_another_persons_token_is_404(alice: User, bob: User) -> None:
    token, _ = token_create(user=alice, name="bot", scopes=["read"], expires_in=DAY)
    client = signed_in(bob)
    assert client.get(f"/api/tokens/{token.pk}").status_code == 404
    assert client.delete(f"/api/tokens/{token.pk}").status_code == 404
    assert client.get("/api/tokens").json()["count"] == 0
    assert client.get("/api/tokens/99999999999999999999").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_revoke(alice: User) -> None:
    token, _ = token_create(user=alice, name="bot", scopes=["read"], expires_in=DAY)
    client = signed_in(alice)
    assert client.delete(f"/api/tokens/{token.pk}").status_code == 204
    assert client.delete(f"/api/tokens/{token.pk}").status_code == 404
    assert client.get("/api/tokens").json()["count"] == 0


def test_a_session_needs_the_csrf_token(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.login(username="alice", password=PASSWORD)
    response = client.post("/api/tokens", {"name": "bot", "scopes": ["read"]}, content_type="application/json")
    assert response.status_code == 403
    assert response.json()["code"] == "NOT_ALLOWED"


def test_use_is_written_once_a_day(alice: User, django_assert_num_queries: Any) -> None:
    client = with_token(alice, "read")
    client.get("/api/me")
    assert ApiToken.objects.get().last_used_on is not None
    # SELECT token JOIN user
    with django_assert_num_queries(1):
        client.get("/api/me")


def test_pages_are_bounded(alice: User) -> None:
    for number in range(3):
        token_create(user=alice, name=f"bot {number}", scopes=["read"], expires_in=DAY)
    found = signed_in(alice).get("/api/tokens?page_size=2").json()
    assert (found["count"], len(found["results"])) == (3, 2)
    assert signed_in(alice).get("/api/tokens?page=9").status_code == 404
