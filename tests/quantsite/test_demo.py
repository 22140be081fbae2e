"""The first site from a data file: everything or nothing, once, with passwords that are seen and not kept."""

from __future__ import annotations

import copy
import json
import re
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from marketdata.models import DatasetVersion, Feed
from operations.errors import ApplicationError
from operations.models import AuditEvent, Notification
from portfolio.models import Account
from quantsite.demo import demo_create, demo_owed, demo_read
from risk.selectors import limits_for
from tests.world import FIRST, SYMBOLS, random_walk
from trading.models import Deployment

DEMO = settings.BASE_DIR / "deploy" / "demo.json"


@pytest.fixture
def market(db, lake):
    """Bars of other symbols at other dates than the demo's own."""
    from marketdata.services import bars_ingest

    bars_ingest(frame=random_walk(), provider="file")


@pytest.fixture
def data():
    """The demo's file with other names, symbols and dates: the code may know none of them."""
    other = copy.deepcopy(demo_read(DEMO))
    other["feed"] = {"name": "Elsewhere", "start_on": FIRST.isoformat(), "speed": 5, "note": "Walks."}
    other["people"][1]["username"] = other["account"]["owner"] = "erin"
    other["account"] |= {"name": "Second", "capital": "2500.50", "limits": {"max_position_pct": "0.03"}}
    other["deployment"]["symbols"] = list(SYMBOLS)
    return other


def test_file_decides_everything(market, data):
    assert demo_owed()
    credentials = demo_create(data=data)
    assert not demo_owed()
    account = Account.objects.get()
    assert (account.name, account.owner.username, account.cash) == ("Second", "erin", Decimal("2500.50"))
    assert (account.environment, account.kind, account.currency) == ("paper", "cash", "USD")
    assert limits_for(account).max_position_pct == Decimal("0.03")
    assert account.feed == Feed.objects.get()
    assert (account.feed.start_on, account.feed.speed, account.feed.state) == (FIRST, 5, "waiting")
    assert account.feed.note == "Walks."
    deployments = Deployment.objects.order_by("priority")
    assert [deployment.name for deployment in deployments] == [terms["name"] for terms in data["deployments"]]
    assert {tuple(deployment.symbols) for deployment in deployments} == {SYMBOLS}
    assert {deployment.state for deployment in deployments} == {"stopped"}
    assert Notification.objects.get().user == account.owner
    assert [person.title for person in credentials] == ["administrator", "trader", "risk manager"]


def test_passwords_are_strong_different_and_nowhere_in_clear(market, data):
    people = demo_create(data=data)
    passwords = {person.password for person in people}
    assert len(passwords) == 3
    for person in people:
        user = get_user_model().objects.get(username=person.username)
        assert user.check_password(person.password)
        assert len(person.password) >= 16
        assert person.password not in user.password
        assert not AuditEvent.objects.filter(after__icontains=person.password).exists()


def test_failure_leaves_nothing_behind(market, data):
    """Seen red without `transaction.atomic`: the people stayed, and the next start made no account."""
    data["deployments"][-1]["strategy"] = "no_such_strategy"
    with pytest.raises(ApplicationError):
        demo_create(data=data)
    assert demo_owed()
    assert not Account.objects.exists()


def test_command_prints_passwords_once(market, data, tmp_path):
    file = tmp_path / "demo.json"
    file.write_text(json.dumps(data))
    first, second = StringIO(), StringIO()
    call_command("setup_site", demo=file, stdout=first)
    call_command("setup_site", demo=file, stdout=second)
    rows = re.findall(r"^ +(?:administrator|trader|risk manager) +(\w+) +(\S+)$", first.getvalue(), re.M)
    assert len(rows) == 3
    assert all(get_user_model().objects.get(username=name).check_password(password) for name, password in rows)
    assert second.getvalue() == ""


def test_unreadable_file_is_one_sentence(market, tmp_path):
    file = tmp_path / "demo.json"
    file.write_text("{")
    with pytest.raises(CommandError, match=r"demo file .* cannot be read"):
        call_command("setup_site", demo=file, stdout=StringIO())
    assert demo_owed()


def test_demo_of_the_repository_is_the_one_described(db, lake):
    """The sample market, the replay's start and the terms of the README's first minute."""
    out = StringIO()
    call_command("setup_site", stdout=out)
    assert DatasetVersion.objects.exists()
    account = Account.objects.get()
    assert (account.cash, account.kind, account.feed.start_on) == (Decimal(100_000), "cash", date(2006, 6, 19))
    assert limits_for(account).max_position_pct == Decimal("0.08")
    deployments = Deployment.objects.order_by("priority")
    assert [deployment.strategy for deployment in deployments] == ["sma_cross", "donchian", "rsi_reversion"]
    for deployment in deployments:
        assert set(deployment.symbols) == {"AAPL", "GOOG", "IBM", "MSFT", "FB"}
        assert (deployment.position_size, deployment.stop_loss, deployment.take_profit) == (
            Decimal("0.05"),
            Decimal("0.02"),
            Decimal("0.05"),
        )
        assert (deployment.direction, deployment.on_limit) == ("long", "deny")
    assert "%" in out.getvalue(), "a long step shows that it moves"
