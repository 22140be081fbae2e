"""Pages: who may open which, what their frame says, and that nothing in them needs an inline script or style."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from operations.services import notification_send
from portfolio.models import Account, Role
from portfolio.services import account_open, membership_set
from quantsite.views import server_error, zone_of

MARKET_TIME = datetime(2024, 3, 4, 12, tzinfo=UTC)
ACCOUNT_PAGES = ["dashboard", "account_orders", "account_settings"]
OWN_PAGES = ["backtests", "jobs", "tokens", "notifications"]
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", re.IGNORECASE)


@pytest.fixture
def account(alice: Any) -> Account:
    return account_open(owner=alice, name="Paper", capital=Decimal(100_000), actor=alice, market_time=MARKET_TIME)


def opened(user: Any, address: str) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(address)


@pytest.mark.parametrize("name", ACCOUNT_PAGES)
def test_the_owner_opens_the_pages_of_an_account(alice: Any, account: Account, name: str) -> None:
    answer = opened(alice, reverse(name, args=[account.pk]))
    assert answer.status_code == 200
    assert account.name in answer.content.decode()


@pytest.mark.parametrize("name", ACCOUNT_PAGES)
def test_a_stranger_is_told_that_there_is_no_such_account(charlie: Any, account: Account, name: str) -> None:
    answer = opened(charlie, reverse(name, args=[account.pk]))
    assert answer.status_code == 404
    assert "There is no such account." in answer.content.decode()


@pytest.mark.parametrize("name", ACCOUNT_PAGES)
def test_who_is_not_signed_in_is_asked_to(db: None, name: str) -> None:
    answer = Client().get(reverse(name, args=[1]))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))


def test_a_viewer_sees_no_button_that_acts(alice: Any, bob: Any, account: Account) -> None:
    membership_set(account_id=account.pk, user=bob, role=Role.VIEWER, actor=alice)
    body = opened(bob, reverse("dashboard", args=[account.pk])).content.decode()
    assert 'data-can-write="false"' in body
    for acting in ('id="start"', 'id="stop"', 'id="emergency"', "data-ticket-open", 'id="cancel-all"'):
        assert acting not in body


def test_the_owner_sees_the_buttons(alice: Any, account: Account) -> None:
    body = opened(alice, reverse("dashboard", args=[account.pk])).content.decode()
    for acting in ('id="start"', 'id="stop"', 'id="emergency"', "data-ticket-open", 'id="cancel-all"'):
        assert acting in body
    assert 'id="feed-pause"' not in body


def test_an_operator_sees_the_speed_but_may_not_trade(oscar: Any, world: Any) -> None:
    body = opened(oscar, reverse("dashboard", args=[world.account.pk])).content.decode()
    assert 'id="feed-pause"' in body
    assert 'id="emergency"' in body
    assert 'id="start"' not in body


def test_home_leads_to_the_account(alice: Any, account: Account) -> None:
    assert opened(alice, reverse("home")).url == reverse("dashboard", args=[account.pk])


def test_home_without_an_account_offers_one(charlie: Any, world: Any) -> None:
    answer = opened(charlie, reverse("home"))
    assert answer.status_code == 200
    assert "You have no trading account yet." in answer.content.decode()
    assert "data-new-account" in answer.content.decode()


def test_home_without_a_market_says_that_there_is_none(charlie: Any) -> None:
    body = opened(charlie, reverse("home")).content.decode()
    assert "there is no market to trade on" in body
    assert "data-new-account" not in body


def test_only_the_owner_lets_others_in(alice: Any, bob: Any, account: Account) -> None:
    membership_set(account_id=account.pk, user=bob, role=Role.TRADER, actor=alice)
    address = reverse("account_settings", args=[account.pk])
    assert 'id="member-form"' in opened(alice, address).content.decode()
    assert 'id="member-form"' not in opened(bob, address).content.decode()


def test_the_bell_counts_what_was_not_read(alice: Any, account: Account) -> None:
    notification_send(user=alice, level="info", title="Hello", body="")
    assert "Notifications, 1 unread" in opened(alice, reverse("tokens")).content.decode()


@pytest.mark.parametrize("name", OWN_PAGES)
def test_everybody_has_their_own_pages(charlie: Any, name: str) -> None:
    assert opened(charlie, reverse(name)).status_code == 200


@pytest.mark.parametrize(("name", "argument"), [("decision", 1), ("backtest", 1)], ids=["decision", "backtest"])
def test_what_does_not_exist_is_not_found(alice: Any, account: Account, name: str, argument: int) -> None:
    assert opened(alice, reverse(name, args=[argument])).status_code == 404


def test_an_unknown_symbol_is_not_found(alice: Any, account: Account) -> None:
    assert opened(alice, reverse("symbol", args=[account.pk, "NO/SUCH"])).status_code == 404


@pytest.mark.parametrize("name", [*ACCOUNT_PAGES, *OWN_PAGES])
def test_pages_carry_nothing_that_a_strict_policy_would_block(alice: Any, account: Account, name: str) -> None:
    answer = opened(alice, reverse(name, args=[account.pk] if name in ACCOUNT_PAGES else []))
    assert INLINE.findall(answer.content.decode()) == []
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_pages_are_read_only(alice: Any, account: Account) -> None:
    client = Client()
    client.force_login(alice)
    assert client.post(reverse("dashboard", args=[account.pk])).status_code == 405


def test_the_charts_maker_is_named(alice: Any, account: Account) -> None:
    assert "https://www.tradingview.com/" in opened(alice, reverse("dashboard", args=[account.pk])).content.decode()


def test_market_time_without_a_feed_is_read_in_utc() -> None:
    assert zone_of(None) == "UTC"


def test_the_sign_in_page_offers_no_sign_up(db: None) -> None:
    body = Client().get(reverse("account_login")).content.decode()
    assert "Sign in" in body
    assert "signup" not in body


def test_what_fails_under_the_interface_is_never_a_page(client, rf):
    client.raise_request_exception = False
    refused = client.get("/api/status", headers={"host": "elsewhere.example"})
    assert (refused.status_code, set(refused.json())) == (400, {"code", "message", "context"})
    assert server_error(rf.get("/api/status")).headers["Content-Type"] == "application/json"
    assert b"<html" in server_error(rf.get("/sign-in/login/")).content
