"""Giving an account its limits and changing them; looser ones only by those who may."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from operations.errors import Conflict, InvalidInput, NotAllowed, NotFound
from operations.services import audit_append, event_publish
from portfolio.models import Account, AccountKind
from portfolio.services import account_lock
from risk.models import COSTS, AccountRisk, CapitalProfile
from risk.selectors import effective_limits, may_manage_risk, risk_section
from risk.tightness import LIMITS, loosened

CHANGEABLE = frozenset({*LIMITS, *COSTS, "allowed_symbols", "profile"})


@transaction.atomic
def account_risk_create(
    *,
    account: Account,
    profile_code: str,
    limits: Mapping[str, Any] | None = None,
    actor: Any = None,
    market_time: datetime | None = None,
) -> AccountRisk:
    """Give an account its profile and every limit: the profile's, then the site's defaults, then `limits`.

    Once per account; locks the account.
    """
    account = account_lock(account.pk)
    if AccountRisk.objects.filter(account=account).exists():
        raise Conflict("RISK_EXISTS", "The account has its limits already: change them.", account=account.pk)
    profile = _profile_get(profile_code)
    cash = account.kind == AccountKind.CASH
    leverage = profile.max_leverage
    risk = AccountRisk(
        account=account,
        profile=profile,
        max_position_usd=profile.max_position_usd,
        max_leverage=min(leverage, Decimal(1)) if cash and leverage is not None else leverage,
        initial_margin_pct=Decimal(1) if cash else Decimal("0.5"),
    )
    _assign(risk, limits or {})
    _save(risk, actor, "created")
    _record(risk, actor, "risk.created", before=None, after=_row(risk), market_time=market_time)
    return risk


@transaction.atomic
def account_risk_update(
    *,
    account_id: int,
    changes: Mapping[str, Any],
    actor: Any,
    loosen: bool = False,
    market_time: datetime | None = None,
) -> AccountRisk:
    """Change limits, costs or the profile of an account; locks the account.

    Whatever allows more than before is NotAllowed, unless `loosen` is asked for by a risk manager or administrator.
    """
    account = account_lock(account_id)
    risk = AccountRisk.objects.select_for_update().select_related("profile").filter(account=account).first()
    if risk is None:
        raise NotFound("RISK_NOT_FOUND", "The account has no limits yet, so it cannot open anything.")
    before, allowed_before = _row(risk), effective_limits(risk)
    _assign(risk, changes)
    after, allowed_after = _row(risk), effective_limits(risk)
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return risk
    looser = sorted({*loosened(before, after), *loosened(allowed_before, allowed_after)})
    if looser and not (loosen and may_manage_risk(actor)):
        raise NotAllowed(
            "LIMIT_LOOSENED",
            f"Limits can only be tightened here; looser would be: {', '.join(looser)}.",
            limits=looser,
        )
    _save(risk, actor, "loosened" if looser else "tightened")
    _record(
        risk,
        actor,
        "risk.changed",
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
        market_time=market_time,
    )
    return risk


def _profile_get(code: str) -> CapitalProfile:
    profile = CapitalProfile.objects.filter(code=code).first()
    if profile is None:
        raise InvalidInput("PROFILE_UNKNOWN", "There is no such capital profile.", profile=code)
    return profile


def _assign(risk: AccountRisk, changes: Mapping[str, Any]) -> None:
    """Take the values over and hold them to the fields' bounds; the database holds them again."""
    unknown = sorted(set(changes) - CHANGEABLE)
    if unknown:
        raise InvalidInput("LIMIT_UNKNOWN", f"There is no limit called {', '.join(unknown)}.", limits=unknown)
    for name, value in changes.items():
        if name == "profile":
            risk.profile = value if isinstance(value, CapitalProfile) else _profile_get(value)
        elif name == "allowed_symbols":
            risk.allowed_symbols = _symbols(value)
        else:
            setattr(risk, name, value)
    try:
        risk.clean_fields(exclude=["account", "profile", "allowed_symbols"])
    except ValidationError as error:
        words = "; ".join(f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items())
        raise InvalidInput("LIMIT_INVALID", words, fields=error.message_dict) from error
    for name, maximum in COSTS.items():
        value = getattr(risk, name)
        if value is not None and value > maximum:
            raise InvalidInput("LIMIT_INVALID", f"{name}: at most {maximum}.", fields=[name])


def _symbols(value: Any) -> list[str] | None:
    if value is None:
        return None
    if isinstance(value, str) or not all(isinstance(symbol, str) and symbol for symbol in value):
        raise InvalidInput("SYMBOLS_INVALID", "Allowed symbols are a list of symbols, or nothing for every symbol.")
    return sorted(set(value))


def _row(risk: AccountRisk) -> dict[str, Any]:
    row = {name: getattr(risk, name) for name in sorted(CHANGEABLE - {"profile"})}
    return row | {"profile": risk.profile.code}


def _save(risk: AccountRisk, actor: Any, reason: str) -> None:
    """Save with its version, which names who did it also where no request does."""
    risk._history_user = actor  # type: ignore[attr-defined]  # simple_history reads it
    risk._change_reason = reason  # type: ignore[attr-defined]  # as above
    risk.save()


def _record(risk: AccountRisk, actor: Any, action: str, *, before: Any, after: Any, market_time: Any) -> None:
    stream = risk.account.stream
    target = f"risk.accountrisk:{risk.pk}"
    audit_append(
        stream=stream, action=action, actor=actor, target=target, before=before, after=after, market_time=market_time
    )
    event_publish(
        stream=stream,
        kind="risk.changed",
        payload={"put": {"risk": risk_section(risk.account)}},
        market_time=market_time,
    )
