"""Opening a paper account: the account and its limits, both or neither."""

from __future__ import annotations

from decimal import Decimal

import pytest

from operations.errors import Conflict, InvalidInput, Unprocessable
from portfolio.models import Account
from quantsite import services
from risk.models import AccountRisk


def open_one(alice, **terms):
    return services.paper_account_open(
        **{"owner": alice, "name": "Second", "capital": Decimal(5000), "actor": alice} | terms
    )


def test_a_paper_account_opens_on_the_current_feed_with_its_limits(world, alice):
    account = open_one(alice, kind="margin")
    assert (account.feed_id, account.environment, account.kind) == (world.feed.pk, "paper", "margin")
    assert account.cash == 5000
    assert AccountRisk.objects.get(account=account).profile.code == "PAPER"


def test_without_a_feed_there_is_nothing_to_trade_on(alice):
    with pytest.raises(Unprocessable) as refusal:
        open_one(alice)
    assert refusal.value.code == "NO_FEED"


@pytest.mark.parametrize("terms", [{"capital": Decimal(-1)}, {"name": " "}, {"capital": Decimal("NaN")}])
def test_what_cannot_be_opened_leaves_nothing_behind(world, alice, terms):
    with pytest.raises(InvalidInput):
        open_one(alice, **terms)
    assert Account.objects.count() == 1


def test_a_name_is_used_once_and_accounts_have_an_end(world, alice, monkeypatch):
    open_one(alice)
    with pytest.raises((Conflict, InvalidInput)):
        open_one(alice)
    monkeypatch.setattr(services, "ACCOUNTS_MAXIMUM", 2)
    with pytest.raises(Unprocessable):
        open_one(alice, name="Third")
