"""Changes that join rooms: the configuration of an account, and a hand on a feed that its accounts must hear of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from marketdata.models import Feed
from marketdata.selectors import feed_current, feed_get
from operations.errors import InvalidInput, NotAllowed, Unprocessable
from operations.services import event_publish
from portfolio.models import Account
from portfolio.services import account_lock, account_open
from quantsite.selectors import SIZES, config_get, may_steer_feed, strategy_config
from risk.services import account_risk_create, account_risk_update
from trading.models import Deployment
from trading.selectors.snapshot import View
from trading.services import deployment_start, deployment_stop, deployment_update

HUNDRED = Decimal(100)
ACCOUNTS_MAXIMUM = 20
PAPER_PROFILE = "PAPER"
FIXED = (
    ("trading", "mode"),
    ("trading", "initial_capital"),
    ("brokerage", "provider"),
    ("data", "provider"),
    ("data", "cache_enabled"),
    ("data", "cache_dir"),
)
# name in the configuration → limit of the account, and what one of it is in the limit's unit
LIMITS = {
    ("trading", "max_positions"): ("max_positions", None),
    ("risk", "max_position_size_pct"): ("max_position_pct", HUNDRED),
    ("risk", "max_daily_loss_pct"): ("max_daily_loss_pct", HUNDRED),
    ("risk", "max_portfolio_leverage"): ("max_leverage", None),
    ("risk", "allowed_symbols"): ("allowed_symbols", None),
}
STRATEGY_FIELDS = {
    "params": "parameters",
    "symbols": "symbols",
    "priority": "priority",
    "on_limit": "on_limit",
    **{name: name for name in SIZES},
}


def paper_account_open(*, owner: Any, name: str, capital: Decimal, kind: str = "cash", actor: Any) -> Account:
    """Open a paper account on the current feed with the unrestricted profile, both or neither."""
    feed = feed_current()
    if feed is None:
        raise Unprocessable(
            "NO_FEED", "There is no market to trade on yet; an operator ingests bars and makes a replay."
        )
    with transaction.atomic():
        if Account.objects.open().filter(owner=owner).count() >= ACCOUNTS_MAXIMUM:
            message = f"You have {ACCOUNTS_MAXIMUM} open accounts, which is the most; archive one first."
            raise Unprocessable("TOO_MANY_ACCOUNTS", message)
        account = account_open(
            owner=owner, name=name, kind=kind, feed=feed, capital=capital, actor=actor, market_time=feed.market_time
        )
        account_risk_create(account=account, profile_code=PAPER_PROFILE, actor=actor)
    return account


def config_update(*, account_id: int, asked: Mapping[str, Any], actor: Any) -> int:
    """Apply a whole or partial configuration, all of it or nothing; return how many values changed.

    Locks the account. What is null or equal stays; fixed fields refuse another value, limits a looser one,
    deployments a change while they run.
    """
    with transaction.atomic():
        account = account_lock(account_id)
        shown = config_get(account)
        _fixed_check(shown, asked)
        changed = _limits_set(account, shown, asked, actor)
        changed += _sizes_set(account, shown["trading"], asked.get("trading") or {}, actor)
        return changed + sum(_strategy_set(account, row, actor) for row in asked.get("strategies") or ())


def feed_steer(*, feed_id: int, act: Callable[..., Feed], actor: Any, **terms: Any) -> Feed:
    """Pause, resume or set the speed of a replay for whoever may, and tell every open account on it."""
    if not may_steer_feed(actor, feed_get(feed_id)):
        raise NotAllowed("OPERATORS_ONLY", "Only an operator may pause, resume or set the speed of this replay.")
    with transaction.atomic():
        feed = act(feed_id=feed_id, actor=actor, **terms)
        accounts = list(Account.objects.open().filter(feed_id=feed_id))
        row = View(accounts[0]).feed_section() if accounts else None
        for account in accounts:
            event_publish(
                stream=account.stream, kind="feed.changed", payload={"put": {"feed": row}}, market_time=feed.market_time
            )
    return feed


def _given(shown: Mapping[str, Any], asked: Mapping[str, Any], name: str) -> Any:
    """The value asked for, or None when it is left out, null, or what is there already."""
    value = asked.get(name)
    return None if value is None or _same(value, shown.get(name)) else value


def _same(value: Any, present: Any) -> bool:
    """Whether what was sent is what is shown; numbers are sent as text."""
    if isinstance(value, Mapping) and isinstance(present, Mapping):
        return all(name in present and _same(each, present[name]) for name, each in value.items())
    if isinstance(value, Decimal | str) and isinstance(present, float | int):
        try:
            return float(value) == float(present)
        except ValueError:
            return False
    return bool(value == present)


def _fixed_check(shown: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    for section, name in FIXED:
        if _given(shown[section], asked.get(section) or {}, name) is not None:
            raise InvalidInput(
                "CONFIG_FIXED",
                f"{section}.{name} is {shown[section][name]} and cannot be changed here; leave it out or null.",
                field=f"{section}.{name}",
            )


def _limits_set(account: Account, shown: Mapping[str, Any], asked: Mapping[str, Any], actor: Any) -> int:
    changes = {}
    for (section, name), (limit, unit) in LIMITS.items():
        value = _given(shown[section], asked.get(section) or {}, name)
        if value is not None:
            changes[limit] = value / unit if unit else value
    if changes.get("allowed_symbols") == [] and shown["risk"]["allowed_symbols"] is None:
        del changes["allowed_symbols"]
    elif "allowed_symbols" in changes:
        changes["allowed_symbols"] = changes["allowed_symbols"] or None
    if changes:
        account_risk_update(account_id=account.pk, changes=changes, actor=actor)
    return len(changes)


def _sizes_set(account: Account, shown: Mapping[str, Any], asked: Mapping[str, Any], actor: Any) -> int:
    """Sizes in the section `trading` are those of every deployment of the account."""
    changes = {name: value for name in SIZES if (value := _given(shown, asked, name)) is not None}
    if not changes:
        return 0
    deployments = list(Deployment.objects.filter(account=account))
    if not deployments:
        raise InvalidInput("NO_DEPLOYMENTS", f"This account has no strategy yet, whose {next(iter(changes))} to set.")
    for deployment in deployments:
        deployment_update(deployment_id=deployment.pk, changes=changes, actor=actor)
    return len(changes)


def _strategy_set(account: Account, asked: Mapping[str, Any], actor: Any) -> int:
    deployment = _deployment(account, asked)
    shown = strategy_config(deployment)
    if _given(shown, asked, "strategy") is not None:
        raise InvalidInput("CONFIG_FIXED", f"{deployment.name} runs {deployment.strategy}; deploy the other one anew.")
    name = asked.get("name")
    changes = {
        field: value for key, field in STRATEGY_FIELDS.items() if (value := _given(shown, asked, key)) is not None
    }
    if name and name != deployment.name:
        changes["name"] = name
    if "parameters" in changes:
        changes["parameters"] = deployment.parameters | changes["parameters"]
    enabled = _given(shown, asked, "enabled")
    if enabled is False:
        deployment_stop(deployment_id=deployment.pk, actor=actor)
    before = {field: getattr(deployment, field) for field in changes}
    if changes:
        deployment = deployment_update(deployment_id=deployment.pk, changes=changes, actor=actor)
    if enabled is True:
        deployment_start(deployment_id=deployment.pk, actor=actor)
    return sum(getattr(deployment, field) != value for field, value in before.items()) + (enabled is not None)


def _deployment(account: Account, asked: Mapping[str, Any]) -> Deployment:
    rows = Deployment.objects.filter(account=account)
    found = (
        rows.filter(pk=asked["id"]).first() if asked.get("id") else rows.filter(name=asked.get("name") or "").first()
    )
    if found is None:
        known = ", ".join(rows.values_list("name", flat=True)) or "none yet"
        raise InvalidInput(
            "UNKNOWN_STRATEGY", f"This account has no such strategy; it has {known}.", field="strategies"
        )
    return found
