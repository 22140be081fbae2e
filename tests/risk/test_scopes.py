"""Scopes: names, forms, strictness."""

import pytest

from risk.facts import StopLevel
from risk.scopes import Scope, scope_fault, scopes_of, strictest


def test_an_order_lies_in_five_scopes_widest_first():
    names = [s.name for s in scopes_of(environment="paper", owner_id=3, account_id=7, deployment_key="12")]
    assert names == ["everything", "venue:paper", "user:3", "account:7", "strategy:7:12"]
    assert len(scopes_of(environment="paper", owner_id=3, account_id=7)) == 4


def test_narrow_scopes_know_their_account():
    assert Scope("strategy", "7:12").account_id == 7
    assert Scope("account", "7").account_id == 7
    assert Scope("user", "7").account_id is None


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("planet", ""),
        ("everything", "1"),
        ("venue", "moon"),
        ("account", ""),
        ("account", "one"),
        ("account", "１"),
        ("user", "-1"),
        ("strategy", "7"),
        ("strategy", "7:a b"),
    ],
)
def test_malformed_scopes_have_words(kind, key):
    assert scope_fault(kind, key).endswith(".")


def test_the_strictest_wins_and_the_unknown_halts():
    assert strictest([]) is StopLevel.ACTIVE
    assert strictest([StopLevel.ACTIVE, StopLevel.REDUCING]) is StopLevel.REDUCING
    assert strictest([StopLevel.HALTED, StopLevel.REDUCING]) is StopLevel.HALTED
    assert strictest([StopLevel.ACTIVE, "MELTING"]) is StopLevel.HALTED
