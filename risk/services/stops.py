"""The emergency stop: latch, drain, void; and the way back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from operations.errors import Conflict, InvalidInput, NotAllowed, NotFound
from operations.events import SITE
from operations.locks import stop_barrier_exclusive
from operations.services import audit_append, event_publish
from portfolio.models import Account, Environment, Role
from portfolio.selectors import role_for
from risk.facts import StopLevel
from risk.models import StopLatch
from risk.scopes import Scope, scope_fault
from risk.selectors import accounts_in, may_manage_risk, may_operate, risk_section

log = structlog.get_logger(__name__)
REASON_LENGTH = 300


@dataclass(frozen=True, slots=True)
class StopReport:
    """What a stop or a resume did. `drained`: no send of the scope is in flight; else it is not confirmed."""

    latch: StopLatch
    drained: bool
    done: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def status(self) -> str:
        """The outcome in one word for programs."""
        if self.latch.state == StopLevel.ACTIVE:
            return "RESUMED"
        if not self.drained:
            return "DRAIN_UNCONFIRMED"
        return "STOPPED_WITH_PROBLEMS" if self.problems else "STOPPED"


@transaction.atomic(durable=True)
def latch_set(*, scope_kind: str, scope_key: str = "", state: str, reason: str, actor: Any = None) -> StopLatch:
    """Set one scope's stop state: a transaction of its own, nothing but the latch and its audit record.

    Locks the latch. The epoch grows with every call, so what was approved before is seen to be older.
    """
    scope = _scope(scope_kind, scope_key)
    if state not in set(StopLevel):
        raise InvalidInput("STOP_STATE_UNKNOWN", "A stop is ACTIVE, REDUCING or HALTED.", state=state)
    StopLatch.objects.get_or_create(scope_kind=scope.kind, scope_key=scope.key)
    latch = StopLatch.objects.select_for_update().get(scope_kind=scope.kind, scope_key=scope.key)
    before = {"state": latch.state, "epoch": latch.epoch, "reason": latch.reason}
    latch.state, latch.epoch, latch.reason = StopLevel(state), latch.epoch + 1, reason.strip()[:REASON_LENGTH]
    latch.set_by, latch.set_at = actor, timezone.now()
    latch.save()
    audit_append(
        stream=SITE if scope.account_id is None else f"account:{scope.account_id}",
        action="risk.latch",
        actor=actor,
        target=scope.name,
        before=before,
        after={"state": latch.state, "epoch": latch.epoch, "reason": latch.reason},
    )
    return latch


def latch_release(*, scope_kind: str, scope_key: str = "", reason: str, actor: Any = None) -> StopLatch:
    """Set one scope back to ACTIVE, in a transaction of its own."""
    return latch_set(scope_kind=scope_kind, scope_key=scope_key, state=StopLevel.ACTIVE, reason=reason, actor=actor)


def emergency_stop(
    *,
    scope_kind: str,
    scope_key: str = "",
    reason: str,
    actor: Any = None,
    state: str = StopLevel.HALTED,
    drain_timeout_s: float | None = None,
) -> StopReport:
    """Stop a scope: latch first, then wait for sends in flight to end, then let the hooks void what was not sent.

    `actor` None is the operator's shell. Nothing that fails after the latch undoes it; it is reported.
    """
    scope = _scope(scope_kind, scope_key)
    _reason_check(reason)
    _may_stop(actor, scope)
    if state == StopLevel.ACTIVE:
        raise InvalidInput("STOP_STATE_UNKNOWN", "A stop is REDUCING or HALTED; to end one, resume.", state=state)
    latch = latch_set(scope_kind=scope.kind, scope_key=scope.key, state=state, reason=reason, actor=actor)
    log.warning("EMERGENCY_STOP", scope=scope.name, state=latch.state, epoch=latch.epoch, reason=latch.reason)
    problems: list[str] = []
    drained = _drain(scope, drain_timeout_s, problems)
    done = _hooks_run(latch, problems)
    _announce(scope, "risk.stopped", problems)
    return StopReport(latch, drained, tuple(done), tuple(problems))


def resume(*, scope_kind: str, scope_key: str = "", reason: str, actor: Any) -> StopReport:
    """End a scope's stop. On paper its owner does so alone; where other than paper is in the scope it takes two."""
    scope = _scope(scope_kind, scope_key)
    _reason_check(reason)
    latch = StopLatch.objects.filter(scope_kind=scope.kind, scope_key=scope.key).first()
    _may_resume(actor, scope)
    if latch is None or latch.state == StopLevel.ACTIVE:
        raise Conflict("NOT_STOPPED", "This scope is not stopped.", scope=scope.name)
    latch = latch_release(scope_kind=scope.kind, scope_key=scope.key, reason=reason, actor=actor)
    log.warning("RESUME", scope=scope.name, epoch=latch.epoch, reason=latch.reason)
    problems: list[str] = []
    _announce(scope, "risk.resumed", problems)
    return StopReport(latch, True, (), tuple(problems))


# --- who may ----------------------------------------------------------------------------------------------------------


def _scope(kind: str, key: str) -> Scope:
    fault = scope_fault(kind, key)
    if fault:
        raise InvalidInput("SCOPE_INVALID", fault, scope_kind=kind, scope_key=key)
    return Scope(kind, key)


def _reason_check(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput("REASON_MISSING", "Say why: the reason is kept with the stop.")


def _account_of(actor: Any, scope: Scope) -> Account:
    """The account of a narrow scope; for strangers there is none."""
    account = None if scope.account_id is None else Account.objects.filter(pk=scope.account_id).first()
    if account is None or (actor is not None and not may_operate(actor) and role_for(actor, account) is None):
        raise NotFound("ACCOUNT_NOT_FOUND", "There is no such account.", account=scope.account_id)
    return account


def _may_stop(actor: Any, scope: Scope) -> None:
    """Owner and traders stop their account, a person all of theirs, those who operate the site anything."""
    if scope.account_id is not None:
        account = _account_of(actor, scope)
        if actor is None or may_operate(actor) or role_for(actor, account) in {Role.OWNER, Role.TRADER}:
            return
        raise NotAllowed("READ_ONLY", "You may look at this account but not stop it.")
    own = scope.kind == "user" and actor is not None and str(actor.pk) == scope.key
    if actor is not None and not own and not may_operate(actor):
        raise NotAllowed("STOP_NOT_ALLOWED", "Only those who operate the site may stop this much.")


def _may_resume(actor: Any, scope: Scope) -> None:
    """Its owner or a risk manager, on paper; nobody alone where an account that is not on paper would trade again."""
    if actor is None:
        raise NotAllowed("RESUME_NEEDS_NAME", "A resume is signed: say who resumes.")
    if scope.account_id is not None:
        _account_of(actor, scope)
    accounts = accounts_in(scope)
    if accounts.exclude(environment=Environment.PAPER).exists() or scope.key in {Environment.TEST, Environment.LIVE}:
        raise NotAllowed(
            "RESUME_NEEDS_TWO",
            "This stop covers an account that is not on paper: two people must resume it, which cannot be done yet.",
        )
    if may_manage_risk(actor):
        return
    narrow = scope.kind in {"account", "strategy", "user"}
    if not narrow or accounts.exclude(owner=actor).exists() or not accounts.exists():
        raise NotAllowed("RESUME_NOT_ALLOWED", "Only the account's owner or a risk manager may resume this.")


# --- after the latch --------------------------------------------------------------------------------------------------


def _drain(scope: Scope, timeout_s: float | None, problems: list[str]) -> bool:
    """Whether every send of the scope that was in flight has ended, within the time given."""
    timeout_s = settings.STOP_DRAIN_TIMEOUT_S if timeout_s is None else timeout_s
    try:
        with stop_barrier_exclusive(scope.name, timeout_s) as lease:
            if lease:
                return True
        problems.append(f"Sends in flight did not end within {timeout_s:g} s.")
    except Exception as error:  # the latch stands; what failed is told
        log.exception("stop_drain_failed", scope=scope.name)
        problems.append(f"Sends in flight could not be awaited: {error}")
    return False


def _hooks_run(latch: StopLatch, problems: list[str]) -> list[str]:
    """Call every hook of STOP_HOOKS as ``hook(latch=…)``; what one answers is shown, what one raises is told."""
    done = []
    for path in settings.STOP_HOOKS:
        try:
            answer = import_string(path)(latch=latch)
            done.append(path if answer is None else f"{path}: {answer}")
        except Exception as error:  # a broken hook neither undoes the latch nor stops the next
            log.exception("stop_hook_failed", hook=path, scope=latch.scope_kind)
            problems.append(f"{path} failed: {error}")
    return done


def _announce(scope: Scope, kind: str, problems: list[str]) -> None:
    """Tell the watchers of every account in the scope; each in a transaction of its own."""
    for account in _listed(scope, problems):
        try:
            with transaction.atomic():
                event_publish(stream=account.stream, kind=kind, payload={"put": {"risk": risk_section(account)}})
        except Exception as error:  # the latch stands whether or not it could be shown
            log.exception("stop_announce_failed", account=account.pk)
            problems.append(f"Watchers of account {account.pk} were not told: {error}")


def _listed(scope: Scope, problems: list[str]) -> Iterable[Account]:
    try:
        return list(accounts_in(scope))
    except Exception as error:  # as above
        log.exception("stop_announce_failed", scope=scope.name)
        problems.append(f"The accounts of the scope could not be listed: {error}")
        return []
