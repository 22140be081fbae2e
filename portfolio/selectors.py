"""Questions to what is owned: who may see an account, sleeves, positions, balances, equity, performance.

The border from Decimal to float is crossed in `performance_get`, nowhere else.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db.models import OuterRef, QuerySet, Subquery

from operations.errors import InvalidInput, NotAllowed, NotFound
from portfolio.accounting import RoundTrip, average_price, market_value, round_trips
from portfolio.models import Account, AccountQuerySet, Membership, Position, PositionEntry, Role, Valuation
from portfolio.performance import Performance, performance

WRITERS = frozenset({Role.OWNER, Role.TRADER})
SESSIONS_PER_YEAR = 252
EQUITY_POINTS_MAX = 5000
_ZERO = Decimal(0)


class SleeveView(NamedTuple):
    """One sleeve of a position; what needs a price is None without one."""

    deployment_key: str
    quantity: Decimal
    cost: Decimal
    average_price: Decimal
    value: Decimal | None
    pnl: Decimal | None
    opened_at: datetime | None


class PositionView(NamedTuple):
    """One symbol of an account, over its sleeves; `pnl_pct` is a fraction of |cost|."""

    instrument_id: int
    symbol: str
    quantity: Decimal
    cost: Decimal
    average_price: Decimal | None
    price: Decimal | None
    value: Decimal | None
    pnl: Decimal | None
    pnl_pct: Decimal | None
    sleeves: tuple[SleeveView, ...]


class Balances(NamedTuple):
    """The account's money at the given marks; equity = cash + positions value."""

    cash: Decimal
    reserved: Decimal
    positions_value: Decimal
    unrealised: Decimal
    equity: Decimal
    net_deposits: Decimal
    realised: Decimal
    fees: Decimal


# --- who may see what -------------------------------------------------------------------------------------------------


def accounts_for(user: Any) -> AccountQuerySet:
    """The accounts a person may see, each with their `role` on it (None where only the site role shows it)."""
    if not user.is_authenticated:
        return Account.objects.none()
    role = Membership.objects.filter(account=OuterRef("pk"), user=user).values("role")[:1]
    accounts = Account.objects.annotate(member_role=Subquery(role)).select_related("feed")
    return accounts if user.sees_all_accounts else accounts.exclude(member_role=None)


def role_for(user: Any, account: Account) -> str | None:
    """The role a membership gives a person on an account."""
    return Membership.objects.filter(account=account, user=user).values_list("role", flat=True).first()


def account_get_for(user: Any, account_id: int, *, write: bool = False, manage: bool = False) -> Account:
    """One account this person may see; with `write` may trade, with `manage` owns.

    A stranger gets NotFound, who may only look gets NotAllowed.
    """
    account = accounts_for(user).filter(pk=account_id).first()
    if account is None:
        raise NotFound("ACCOUNT_NOT_FOUND", "There is no such account.", account=account_id)
    return role_check(account, write=write, manage=manage)


def role_check(account: Account, *, write: bool = False, manage: bool = False) -> Account:
    """The account, where the role it was found with may do this; NotAllowed otherwise."""
    if manage and account.role != Role.OWNER:
        raise NotAllowed("NOT_OWNER", "Only the account's owner may do this.")
    if write and account.role not in WRITERS:
        raise NotAllowed("READ_ONLY", "You may look at this account but not act on it.")
    return account


def account_default_for(user: Any) -> Account:
    """The account meant where a person names none: their default, else their only one.

    InvalidInput lists the accounts when there are several and no default; NotFound when there is none.
    """
    mine: list[Account] = list(accounts_for(user).filter(memberships__user=user, archived_at=None).order_by("pk"))
    if not mine:
        raise NotFound("ACCOUNT_NOT_FOUND", "You have no account yet.")
    if len(mine) == 1:
        return mine[0]
    chosen = Membership.objects.filter(user=user, is_default=True).values_list("account_id", flat=True).first()
    for account in mine:
        if account.pk == chosen:
            return account
    raise InvalidInput(
        "ACCOUNT_AMBIGUOUS",
        "You have several accounts: name one as `account`.",
        accounts=[{"id": account.pk, "name": account.name} for account in mine],
    )


def members_of(account: Account) -> QuerySet[Membership]:
    """The account's members with their people."""
    return account.memberships.select_related("user").order_by("pk")


def member_get(account: Account, user_id: int) -> Membership:
    """One member of an account, by their person's id."""
    member = members_of(account).filter(user_id=user_id).first()
    if member is None:
        raise NotFound("MEMBER_NOT_FOUND", "This person is no member of the account.", user=user_id)
    return member


def person_get(username: str) -> Any:
    """An active person by their exact name."""
    person = get_user_model().objects.filter(username=username, is_active=True).first()
    if person is None:
        raise NotFound("PERSON_NOT_FOUND", "There is nobody of that name.", username=username)
    return person


# --- positions and money ----------------------------------------------------------------------------------------------


def sleeves_get(account: Account) -> list[Position]:
    """The account's open sleeves with their instruments, by symbol and deployment."""
    sleeves = Position.objects.filter(account=account).exclude(quantity=0).select_related("instrument")
    return list(sleeves.order_by("instrument__symbol", "instrument_id", "deployment_key"))


def positions_get(account: Account, marks: Mapping[int, Decimal]) -> list[PositionView]:
    """The account's open positions by symbol, valued at `marks` (instrument id to price)."""
    return positions_of(sleeves_get(account), marks)


def positions_of(sleeves: Iterable[Position], marks: Mapping[int, Decimal]) -> list[PositionView]:
    """Positions by symbol of sleeves that are read already, in the order of `sleeves_get`."""
    grouped = groupby(sleeves, key=lambda sleeve: sleeve.instrument_id)
    return [_position_view(list(each), marks.get(instrument_id)) for instrument_id, each in grouped]


def _position_view(sleeves: list[Position], price: Decimal | None) -> PositionView:
    instrument = sleeves[0].instrument
    views = tuple(_sleeve_view(sleeve, price) for sleeve in sleeves)
    quantity = sum((view.quantity for view in views), _ZERO)
    cost = sum((view.cost for view in views), _ZERO)
    gross_cost = sum((abs(view.cost) for view in views), _ZERO)
    value = None if price is None else market_value(quantity, price, instrument.multiplier)
    pnl = None if value is None else value - cost
    return PositionView(
        instrument_id=instrument.pk,
        symbol=instrument.symbol,
        quantity=quantity,
        cost=cost,
        average_price=average_price(quantity, cost, instrument.multiplier),
        price=price,
        value=value,
        pnl=pnl,
        pnl_pct=None if pnl is None or not gross_cost else pnl / gross_cost,
        sleeves=views,
    )


def _sleeve_view(sleeve: Position, price: Decimal | None) -> SleeveView:
    multiplier = sleeve.instrument.multiplier
    value = None if price is None else market_value(sleeve.quantity, price, multiplier)
    return SleeveView(
        deployment_key=sleeve.deployment_key,
        quantity=sleeve.quantity,
        cost=sleeve.cost,
        average_price=average_price(sleeve.quantity, sleeve.cost, multiplier),
        value=value,
        pnl=None if value is None else value - sleeve.cost,
        opened_at=sleeve.opened_at,
    )


def balances(account: Account, marks: Mapping[int, Decimal]) -> Balances:
    """The account's money at `marks`; a position without a mark counts at its cost."""
    return balances_of(account, positions_get(account, marks))


def balances_of(account: Account, positions: Iterable[PositionView]) -> Balances:
    """The account's money, of positions that are valued already."""
    value = unrealised = _ZERO
    for position in positions:
        value += position.cost if position.value is None else position.value
        unrealised += position.pnl or _ZERO
    return Balances(
        cash=account.cash,
        reserved=account.reserved,
        positions_value=value,
        unrealised=unrealised,
        equity=account.cash + value,
        net_deposits=account.net_deposits,
        realised=account.realised,
        fees=account.fees,
    )


# --- history ----------------------------------------------------------------------------------------------------------


def valuation_last(account: Account) -> Valuation | None:
    """The latest valuation."""
    return Valuation.objects.filter(account=account).order_by("event_number").last()


def valuation_before_session(account: Account, session_on: date) -> Valuation | None:
    """The last valuation of an earlier session: what the day's profit and loss is measured from."""
    return Valuation.objects.filter(account=account, session_on__lt=session_on).order_by("event_number").last()


def equity_series(account: Account, limit: int = EQUITY_POINTS_MAX) -> list[tuple[datetime, Decimal]]:
    """The latest `limit` valuations as (market time, equity), oldest first."""
    rows = Valuation.objects.filter(account=account).order_by("-event_number")
    newest_first = rows.values_list("market_time", "equity")[: max(0, min(limit, EQUITY_POINTS_MAX))]
    return list(newest_first)[::-1]


def round_trips_get(account: Account) -> list[RoundTrip]:
    """The account's finished round trips over all sleeves, by the time they closed."""
    entries = PositionEntry.objects.filter(account=account)
    in_order = entries.order_by("instrument_id", "deployment_key", "executed_at", "id")
    rows = in_order.values_list(
        "instrument_id",
        "deployment_key",
        "quantity",
        "price",
        "fee",
        "executed_at",
        "instrument__multiplier",
        named=True,
    )
    trips: list[RoundTrip] = []
    for _, sleeve in groupby(rows, key=lambda row: (row.instrument_id, row.deployment_key)):
        fills = list(sleeve)
        trips += round_trips(fills, fills[0].instrument__multiplier)
    return sorted(trips, key=lambda trip: trip.closed_at)


def performance_get(account: Account, periods_per_year: float = SESSIONS_PER_YEAR) -> Performance:
    """The account's figures over its sessions, each at its last valuation."""
    equity, flows = _sessions(account)
    results = [trip.net for trip in round_trips_get(account)]
    return performance([float(value) for value in equity], [float(flow) for flow in flows], results, periods_per_year)


def _sessions(account: Account) -> tuple[list[Decimal], list[Decimal]]:
    """Equity at each session's last valuation and the session's flows, oldest first."""
    equity: list[Decimal] = []
    flows: list[Decimal] = []
    rows = Valuation.objects.filter(account=account).order_by("event_number")
    values = rows.values_list("session_on", "equity", "net_flow")
    for _, session in groupby(values, key=lambda row: row[0]):
        valuations = list(session)
        equity.append(valuations[-1][1])
        flows.append(sum((row[2] for row in valuations), _ZERO))
    return equity, flows
