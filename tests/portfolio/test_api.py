"""Accounts over HTTP: shapes, errors, and who gets what."""

from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from portfolio.models import LedgerTransaction
from portfolio.services import account_archive, account_open, membership_set
from tests.portfolio.conftest import CAPITAL, book, fresh
from tests.portfolio.test_valuations import value

pytestmark = pytest.mark.django_db


def client(user=None):
    found = APIClient()
    if user is not None:
        found.force_login(user)
    return found


@pytest.fixture
def shared(account, alice, bob):
    membership_set(account_id=account.pk, user=bob, role="viewer", actor=alice)
    return account


READS = ["", "/equity", "/performance", "/members"]
WRITES = ["/deposit", "/withdraw", "/members"]


def test_the_list_shows_one_s_own_and_one_s_role(shared, alice, bob, charlie, dora, feed):
    other = account_open(owner=charlie, name="Hers", feed=feed)
    seen = {
        person.username: [(row["id"], row["role"]) for row in client(person).get("/api/accounts").json()["results"]]
        for person in (alice, bob, charlie, dora)
    }
    assert seen == {
        "alice": [(shared.pk, "owner")],
        "bob": [(shared.pk, "viewer")],
        "charlie": [(other.pk, "owner")],
        "dora": [(shared.pk, None), (other.pk, None)],
    }


def test_an_archived_account_is_listed_when_asked_for(account, alice):
    account_archive(account_id=account.pk, actor=alice)
    assert client(alice).get("/api/accounts").json()["count"] == 0
    assert client(alice).get("/api/accounts?archived=true").json()["count"] == 1


def test_an_account_with_its_valuation(account, alice, acme):
    empty = client(alice).get(f"/api/accounts/{account.pk}").json()
    assert (empty["cash"], empty["valuation"]) == ("100000", None)
    book(account, acme, "10", "100.25", fee="0.5")
    value(account, 1, {acme.pk: Decimal("101.25")})
    body = client(alice).get(f"/api/accounts/{account.pk}").json()
    assert (body["cash"], body["fees"], body["environment"], body["role"]) == ("98997", "0.5", "paper", "owner")
    assert (body["valuation"]["equity"], body["valuation"]["phase"]) == ("100009.5", "OPEN")


def test_equity(account, alice):
    for number in range(1, 4):
        value(account, number)
    body = client(alice).get(f"/api/accounts/{account.pk}/equity?limit=2").json()
    assert [equity for _, equity in body["points"]] == ["100000", "100000"]
    assert body["points"][0][0].endswith("Z")
    for limit in ("0", "5001", "x"):
        assert client(alice).get(f"/api/accounts/{account.pk}/equity?limit={limit}").status_code == 400


def test_performance_is_text_and_null(account, alice):
    value(account, 1)
    body = client(alice).get(f"/api/accounts/{account.pk}/performance").json()
    assert (body["total_return"], body["sharpe_ratio"], body["win_rate"], body["round_trips"]) == ("0", None, None, 0)


def test_a_deposit_and_a_withdrawal(account, alice):
    browser = client(alice)
    body = browser.post(f"/api/accounts/{account.pk}/deposit", {"amount": "0.10", "key": "k1"}).json()
    assert (body["cash"], body["net_deposits"]) == ("100000.1", "100000.1")
    assert (
        browser.post(f"/api/accounts/{account.pk}/deposit", {"amount": "0.1", "key": "k1"}).json()["cash"] == "100000.1"
    )
    assert browser.post(f"/api/accounts/{account.pk}/withdraw", {"amount": "100000.1"}).json()["cash"] == "0"
    refused = browser.post(f"/api/accounts/{account.pk}/withdraw", {"amount": "0.01"})
    assert (refused.status_code, refused.json()["code"]) == (422, "CASH_INSUFFICIENT")
    reused = browser.post(f"/api/accounts/{account.pk}/deposit", {"amount": "7", "key": "k1"})
    assert (reused.status_code, reused.json()["code"]) == (422, "KEY_REUSED")


@pytest.mark.parametrize(
    "literal",
    [
        '"1e3"',
        '"1_000"',
        '" 1"',
        '"1\\n"',
        '"٣"',
        '"1.123456789"',
        '"12345678901"',
        '"NaN"',
        "null",
        "[]",
        "true",
        '""',
    ],
)
def test_an_amount_is_plain_decimal_text(account, alice, literal):
    """As sent: no exponent, underscore, blank, newline or other script's digit. Seen red: with float() instead."""
    answer = client(alice).post(
        f"/api/accounts/{account.pk}/deposit", f'{{"amount": {literal}}}', content_type="application/json"
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_INPUT")
    assert LedgerTransaction.objects.count() == 1


@pytest.mark.parametrize(("literal", "cash"), [("12.5", "100012.5"), ('"0.00000001"', "100000.00000001")])
def test_an_amount_may_be_a_json_number_and_stays_exact(account, alice, literal, cash):
    answer = client(alice).post(
        f"/api/accounts/{account.pk}/deposit", f'{{"amount": {literal}}}', content_type="application/json"
    )
    assert (answer.status_code, answer.json()["cash"]) == (200, cash)


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_an_amount_is_above_zero(account, alice, amount):
    answer = client(alice).post(f"/api/accounts/{account.pk}/withdraw", {"amount": amount})
    assert (answer.status_code, answer.json()["code"]) == (400, "AMOUNT_INVALID")


def test_members(account, alice, bob, charlie):
    owner, path = client(alice), f"/api/accounts/{account.pk}/members"
    assert owner.post(path, {"username": "bob", "role": "viewer"}).json() == {
        "user": bob.pk,
        "username": "bob",
        "role": "viewer",
    }
    assert [row["role"] for row in client(bob).get(path).json()["results"]] == ["owner", "viewer"]
    assert owner.post(path, {"username": "bob", "role": "owner"}).status_code == 400
    assert owner.post(path, {"username": "alice", "role": "viewer"}).json()["code"] == "OWNER_STAYS"
    assert owner.post(path, {"username": "nobody", "role": "viewer"}).json()["code"] == "PERSON_NOT_FOUND"
    assert owner.delete(f"{path}/{charlie.pk}").status_code == 404
    assert owner.delete(f"{path}/{bob.pk}").status_code == 204
    assert client(bob).get(path).status_code == 404


@pytest.mark.parametrize("path", READS)
def test_reading(shared, alice, bob, charlie, dora, path):
    """Members and site roles read, a stranger sees nothing, nobody signed in is told to sign in."""
    url = f"/api/accounts/{shared.pk}{path}"
    codes = [client(person).get(url).status_code for person in (alice, bob, dora, charlie, None)]
    assert codes == [200, 200, 200, 404, 401]


@pytest.mark.parametrize("path", WRITES)
def test_writing(shared, bob, charlie, dora, path):
    """Who may look gets 403, a stranger 404. Seen red: with `write` and `manage` left out of the views."""
    url, body = f"/api/accounts/{shared.pk}{path}", {"amount": "1", "username": "charlie", "role": "viewer"}
    codes = [client(person).post(url, body).status_code for person in (bob, dora, charlie, None)]
    assert codes == [403, 403, 404, 401]
    assert fresh(shared).cash == CAPITAL


def test_removing_a_member_is_the_owner_s(shared, bob, charlie, dora):
    url = f"/api/accounts/{shared.pk}/members/{bob.pk}"
    codes = [client(person).delete(url).status_code for person in (bob, dora, charlie, None)]
    assert codes == [403, 403, 404, 401]


def test_a_number_no_account_can_have(alice):
    assert client(alice).get("/api/accounts/99999999999999999999999").status_code == 404


def test_queries_of_the_list(shared, bob, dora, feed, django_assert_num_queries):
    for number in range(5):
        account_open(owner=bob, name=f"Account {number}", feed=feed)
    browser = client(dora)
    # session, person, count, accounts with role and feed
    with django_assert_num_queries(4):
        assert browser.get("/api/accounts").json()["count"] == 6
