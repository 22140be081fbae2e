"""Opening, locking, changing and sharing accounts."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from marketdata.models import Feed
from operations.errors import Conflict, InvalidInput, NotFound, Unavailable, Unprocessable
from operations.services import audit_append, event_publish
from portfolio.models import Account, AccountKind, Environment, Membership, Role
from portfolio.services.ledger import ledger_deposit

LOCK_NOT_AVAILABLE = "55P03"


def account_lock(account_id: int) -> Account:
    """Return the account with its row locked until the caller's transaction ends.

    On PostgreSQL SELECT … FOR UPDATE with a bounded wait; on SQLite the transaction itself, which is IMMEDIATE.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an account is locked inside a transaction")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{settings.ACCOUNT_LOCK_TIMEOUT_MS}ms"])
    try:
        account = Account.objects.select_for_update().filter(pk=account_id).first()
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) != LOCK_NOT_AVAILABLE:
            raise
        raise Unavailable("ACCOUNT_BUSY", "The account is busy; try again.", account=account_id) from error
    if account is None:
        raise NotFound("ACCOUNT_NOT_FOUND", "There is no such account.", account=account_id)
    return account


@transaction.atomic
def account_open(
    *,
    owner: Any,
    name: str,
    environment: str = Environment.PAPER,
    currency: str = "USD",
    kind: str = AccountKind.CASH,
    feed: Feed | None = None,
    capital: Decimal = Decimal(0),
    actor: Any = None,
    market_time: datetime | None = None,
) -> Account:
    """Open an account with its owner's membership and its first deposit.

    A live account needs PostgreSQL; the name must be free among the owner's open accounts.
    """
    name = name.strip()
    _opening_check(name, environment, currency, kind, capital)
    if market_time is None and feed is not None:
        market_time = feed.market_time
    account = Account(owner=owner, name=name, environment=environment, currency=currency, kind=kind, feed=feed)
    _save_named(account, force_insert=True)
    first = not Membership.objects.filter(user=owner, is_default=True).exists()
    Membership.objects.create(account=account, user=owner, role=Role.OWNER, is_default=first)
    if capital:
        ledger_deposit(account=account, amount=capital, key="opening", market_time=market_time)
    audit_append(
        stream=account.stream,
        action="account.opened",
        actor=actor,
        target=account.stream,
        after={**_editable(account), "environment": environment, "currency": currency, "capital": capital},
        market_time=market_time,
    )
    event_publish(stream=account.stream, kind="account.changed", payload={"put": {}}, market_time=market_time)
    return account


def _opening_check(name: str, environment: str, currency: str, kind: str, capital: Decimal) -> None:
    _name_check(name)
    if environment not in Environment.values:
        raise InvalidInput("ENVIRONMENT_UNKNOWN", "An account is paper, test or live.", environment=environment)
    if kind not in AccountKind.values:
        raise InvalidInput("KIND_UNKNOWN", "An account is a cash or a margin account.", kind=kind)
    if not (3 <= len(currency) <= 5 and currency.isascii() and currency.isalnum() and currency == currency.upper()):
        raise InvalidInput("CURRENCY_INVALID", "Name the currency by its code, such as USD.", currency=currency)
    if not capital.is_finite() or capital < 0:
        raise InvalidInput("AMOUNT_INVALID", "The capital of an account is zero or more.", capital=str(capital))
    if environment == Environment.LIVE and connection.vendor != "postgresql":
        raise Unprocessable("LIVE_NEEDS_POSTGRESQL", "Live accounts need PostgreSQL: set DATABASE_URL.")


def _name_check(name: str) -> None:
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise InvalidInput("NAME_INVALID", "An account's name has 1 to 80 printable characters.")


def _save_named(account: Account, **options: Any) -> None:
    try:
        with transaction.atomic():
            account.save(**options)
    except IntegrityError as error:
        taken = Account.objects.open().filter(owner=account.owner, name=account.name).exclude(pk=account.pk)
        if not taken.exists():
            raise
        raise Conflict("NAME_TAKEN", f"There is an open account called {account.name} already.") from error


@transaction.atomic
def account_update(
    *,
    account_id: int,
    actor: Any,
    name: str | None = None,
    kind: str | None = None,
    market_time: datetime | None = None,
) -> Account:
    """Change an account's name or kind. Locks the account; environment and currency are fixed."""
    account = account_lock(account_id)
    before = _editable(account)
    if name is not None:
        _name_check(name.strip())
        account.name = name.strip()
    if kind is not None:
        if kind not in AccountKind.values:
            raise InvalidInput("KIND_UNKNOWN", "An account is a cash or a margin account.", kind=kind)
        account.kind = kind
    _save_named(account, update_fields=["name", "kind"])
    _changed(account, "account.updated", actor, before, _editable(account), market_time)
    return account


@transaction.atomic
def account_archive(*, account_id: int, actor: Any, market_time: datetime | None = None) -> Account:
    """Put an account away; it keeps its history and frees its name. Locks the account; once is enough."""
    account = account_lock(account_id)
    if account.archived_at is None:
        before = _editable(account)
        account.archived_at = timezone.now()
        account.save(update_fields=["archived_at"])
        account.memberships.filter(is_default=True).update(is_default=False)
        _changed(account, "account.archived", actor, before, _editable(account), market_time)
    return account


@transaction.atomic
def membership_set(*, account_id: int, user: Any, role: str, actor: Any) -> Membership:
    """Let a person trade with an account or look at it. Locks the account; its one owner stays its owner."""
    if role not in (Role.TRADER, Role.VIEWER):
        raise InvalidInput("ROLE_INVALID", "A member is a trader or a viewer.", role=role)
    account = account_lock(account_id)
    member = account.memberships.filter(user=user).first()
    if member is not None and member.role == Role.OWNER:
        raise Unprocessable("OWNER_STAYS", "The owner of an account keeps that role.")
    before = {"user": user.get_username(), "role": member.role} if member else None
    if member is None:
        member = Membership(account=account, user=user)
    member.role = role
    member.save()
    _changed(account, "membership.set", actor, before, {"user": user.get_username(), "role": role})
    return member


@transaction.atomic
def membership_remove(*, account_id: int, user: Any, actor: Any) -> None:
    """Take a person's membership away. Locks the account; the owner's stays."""
    account = account_lock(account_id)
    member = account.memberships.filter(user=user).first()
    if member is None:
        raise NotFound("MEMBER_NOT_FOUND", "This person is no member of the account.")
    if member.role == Role.OWNER:
        raise Unprocessable("OWNER_STAYS", "The owner of an account keeps that role.")
    before = {"user": user.get_username(), "role": member.role}
    member.delete()
    _changed(account, "membership.removed", actor, before, None)


@transaction.atomic
def account_default_set(*, user: Any, account_id: int) -> Membership:
    """Make an account the one meant where this person names none. Needs a membership."""
    member = Membership.objects.select_for_update().filter(user=user, account_id=account_id).first()
    if member is None:
        raise NotFound("ACCOUNT_NOT_FOUND", "There is no such account.", account=account_id)
    Membership.objects.filter(user=user, is_default=True).exclude(pk=member.pk).update(is_default=False)
    member.is_default = True
    member.save(update_fields=["is_default"])
    return member


def _changed(
    account: Account, action: str, actor: Any, before: Any, after: Any, market_time: datetime | None = None
) -> None:
    audit_append(
        stream=account.stream,
        action=action,
        actor=actor,
        target=account.stream,
        before=before,
        after=after,
        market_time=market_time,
    )
    event_publish(stream=account.stream, kind="account.changed", payload={"put": {}}, market_time=market_time)


def _editable(account: Account) -> dict[str, Any]:
    return {"name": account.name, "kind": account.kind, "archived_at": account.archived_at}
