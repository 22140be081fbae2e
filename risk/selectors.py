"""Questions to risk: limits, stops, exposures, and how much of each limit is used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from marketdata.models import Instrument
from marketdata.selectors import quotes_get
from portfolio.models import Account
from portfolio.selectors import balances, positions_get, valuation_before_session, valuation_last
from risk.facts import AccountFacts, Limits, StopLevel
from risk.measures import Measure, measures
from risk.models import COSTS, AccountRisk, StopLatch, UserExposure
from risk.scopes import Scope, scopes_of, strictest
from risk.tightness import LIMITS

ZERO = Decimal(0)
RISK_ROLES = frozenset({"risk_manager", "administrator"})
OPERATING_ROLES = frozenset({"risk_manager", "operator", "administrator"})


@dataclass(frozen=True, slots=True)
class StopState:
    """The strictest of all stops that cover an account or a sleeve; `epoch` changes whenever any of them did."""

    level: StopLevel
    epoch: int
    reasons: tuple[str, ...]


def may_manage_risk(user: Any) -> bool:
    """Whether a person may loosen limits and end other people's stops."""
    return user is not None and user.is_active and (user.is_superuser or user.site_role in RISK_ROLES)


def may_operate(user: Any) -> bool:
    """Whether a person may stop what is not theirs."""
    return user is not None and user.is_active and (user.is_superuser or user.site_role in OPERATING_ROLES)


# --- limits -----------------------------------------------------------------------------------------------------------


def risk_get(account: Account) -> AccountRisk | None:
    """The account's limits row with its profile; None where nobody has given it limits."""
    return AccountRisk.objects.select_related("profile").filter(account=account).first()


def effective_limits(risk: AccountRisk) -> dict[str, Any]:
    """Every limit as it counts: of the profile's and the account's own the stricter; unset in either is unset."""
    values = {name: getattr(risk, name) for name in (*LIMITS, "allowed_symbols")}
    for name in ("max_position_usd", "max_leverage"):
        profile, own = getattr(risk.profile, name), values[name]
        values[name] = None if profile is None or own is None else min(profile, own)
    return values


def limits_for(account: Account) -> Limits:
    """The account's limits as the gate takes them; without a row all are unset, and the gate denies."""
    return limits_of(risk_get(account))


def limits_of(risk: AccountRisk | None) -> Limits:
    """The limits of a row that is read already."""
    if risk is None:
        return Limits(**{field.name: None for field in fields(Limits)})
    values = effective_limits(risk)
    symbols = values.pop("allowed_symbols")
    return Limits(**values, allowed_symbols=None if symbols is None else frozenset(symbols))


def costs_for(account: Account) -> dict[str, Decimal | None]:
    """The terms of trading that the account is simulated with; none without limits."""
    risk = risk_get(account)
    return {} if risk is None else costs_terms(risk)


def costs_terms(risk: AccountRisk) -> dict[str, Decimal | None]:
    """The terms of trading of a row that is read already."""
    return {name: getattr(risk, name) for name in COSTS}


# --- stops ------------------------------------------------------------------------------------------------------------


def _scopes(account: Account, deployment_key: str) -> tuple[Scope, ...]:
    return scopes_of(
        environment=account.environment,
        owner_id=account.owner_id,
        account_id=account.pk,
        deployment_key=deployment_key,
    )


def scope_keys_for(*, account: Account, deployment_key: str = "") -> list[str]:
    """The names of the stop barriers a sender of this account and sleeve holds while it sends."""
    return [scope.name for scope in _scopes(account, deployment_key)]


def stop_state(*, account: Account, deployment_key: str = "", risk: AccountRisk | None = None) -> StopState:
    """What the latches and the ladder say about an account or one of its sleeves; the strictest wins.

    `risk` is the account's limits row where it is read already.
    """
    scopes = _scopes(account, deployment_key)
    wanted = reduce(or_, (Q(scope_kind=scope.kind, scope_key=scope.key) for scope in scopes))
    latches = list(StopLatch.objects.filter(wanted).order_by("scope_kind"))
    if risk is None:
        ladder = AccountRisk.objects.filter(account=account).values_list("ladder_level", "ladder_reason").first()
    else:
        ladder = (risk.ladder_level, risk.ladder_reason)
    levels = [StopLevel(latch.state) for latch in latches]
    reasons = [_latch_reason(latch) for latch in latches if latch.state != StopLevel.ACTIVE]
    if ladder is not None and ladder[0] != StopLevel.ACTIVE:
        levels.append(StopLevel(ladder[0]))
        reasons.append(ladder[1])
    return StopState(strictest(levels), sum(latch.epoch for latch in latches), tuple(reasons))


def _latch_reason(latch: StopLatch) -> str:
    what = {"everything": "everything is stopped", "venue": "the venue is stopped", "user": "all accounts are stopped"}
    return f"{what.get(latch.scope_kind, f'the {latch.scope_kind} is stopped')} ({latch.reason})"


def accounts_in(scope: Scope) -> QuerySet[Account]:
    """The open accounts a scope covers, with their owners."""
    accounts = Account.objects.filter(archived_at=None).select_related("owner").order_by("pk")
    if scope.account_id is not None:
        return accounts.filter(pk=scope.account_id)
    if scope.kind == "user":
        return accounts.filter(owner_id=int(scope.key))
    if scope.kind == "venue":
        return accounts.filter(environment=scope.key)
    return accounts


def risk_section(account: Account) -> dict[str, Any]:
    """What the account's page shows of its stops and profile."""
    risk = risk_get(account)
    stop = stop_state(account=account, risk=risk)
    return {
        "state": str(stop.level),
        "reasons": list(stop.reasons),
        "profile": "" if risk is None else risk.profile.code,
    }


# --- exposures --------------------------------------------------------------------------------------------------------


def user_exposure(*, account: Account, instruments: Iterable[Instrument]) -> dict[int, Decimal]:
    """|quantity| held and asked for by the account's owner, over their accounts of its environment and currency."""
    rows = UserExposure.objects.filter(
        owner_id=account.owner_id,
        environment=account.environment,
        currency=account.currency,
        instrument__in=list(instruments),
    )
    return {row.instrument_id: row.held + row.reserved for row in rows}


# --- measures ---------------------------------------------------------------------------------------------------------


def measures_get(account: Account) -> list[Measure]:
    """How much of each limit the account uses, by what it holds, at the prices its feed knows now.

    Working openings are the order room's to know: here they show in what is reserved only.
    """
    held = {position.instrument_id for position in positions_get(account, {})}
    instruments = Instrument.objects.filter(pk__in=held)
    quotes = quotes_get(instruments=instruments, feed=account.feed) if held and account.feed else {}
    marks = {key: quote.price for key, quote in quotes.items()}
    multipliers = {row.pk: row.multiplier for row in instruments}
    gross = {
        view.symbol: sum((abs(sleeve.quantity) for sleeve in view.sleeves), ZERO)
        * marks[view.instrument_id]
        * multipliers[view.instrument_id]
        for view in positions_get(account, marks)
        if view.instrument_id in marks
    }
    largest = max(gross, key=gross.__getitem__, default="")
    facts = _account_facts(account, balances(account, marks).equity, sum(gross.values(), ZERO), len(held))
    return measures(facts, limits_for(account), largest_notional=gross.get(largest, ZERO), largest_symbol=largest)


def _account_facts(account: Account, equity: Decimal, gross: Decimal, positions: int) -> AccountFacts:
    last = valuation_last(account)
    before = None if last is None else valuation_before_session(account, last.session_on)
    return AccountFacts(
        environment=account.environment,
        kind=account.kind,
        currency=account.currency,
        cash=account.cash,
        equity=equity,
        gross_notional=gross,
        opening_notional=ZERO,
        reserved=account.reserved,
        positions=positions,
        open_orders=0,
        day_start_equity=None if before is None else before.equity,
        day_flows=ZERO if before is None else account.net_deposits - before.net_deposits,
    )
