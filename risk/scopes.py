"""The scopes a stop can have, their names, and which of several states wins. Pure.

Everything holds all; a venue the accounts of one environment; a user the accounts they own; a strategy one deployment
of one account, keyed ``<account id>:<deployment key>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from risk.facts import StopLevel

KINDS = ("everything", "venue", "user", "account", "strategy")
VENUES = frozenset({"paper", "test", "live"})
STRICTNESS = (StopLevel.ACTIVE, StopLevel.REDUCING, StopLevel.HALTED)
_STRATEGY_KEY = re.compile(r"[0-9]{1,18}:[A-Za-z0-9_-]{1,40}")


class Scope(NamedTuple):
    """One scope of a stop."""

    kind: str
    key: str = ""

    @property
    def name(self) -> str:
        """The scope's name on locks, in logs and in the audit."""
        return f"{self.kind}:{self.key}" if self.key else self.kind

    @property
    def account_id(self) -> int | None:
        """The one account the scope lies in; None for wider ones."""
        if self.kind not in {"account", "strategy"}:
            return None
        return int(self.key.partition(":")[0])


def scope_fault(kind: str, key: str) -> str:
    """What is wrong with a scope as somebody gave it; "" when it is well formed."""
    if kind not in KINDS:
        return f"A stop covers one of {', '.join(KINDS)}."
    if kind == "everything":
        return "" if not key else "A stop of everything has no key."
    if kind == "venue":
        return "" if key in VENUES else "A venue is paper, test or live."
    if kind == "strategy":
        return "" if _STRATEGY_KEY.fullmatch(key) else "A strategy is named as <account id>:<deployment key>."
    return "" if key.isascii() and key.isdigit() and len(key) <= 18 else f"A stop of one {kind} needs its id."


def scopes_of(*, environment: str, owner_id: int, account_id: int, deployment_key: str = "") -> tuple[Scope, ...]:
    """Every scope that an order of this account and sleeve lies in, widest first."""
    scopes = (
        Scope("everything"),
        Scope("venue", environment),
        Scope("user", str(owner_id)),
        Scope("account", str(account_id)),
    )
    return (*scopes, Scope("strategy", f"{account_id}:{deployment_key}")) if deployment_key else scopes


def strictest(levels: Iterable[StopLevel]) -> StopLevel:
    """The level that wins; a level that is not known halts."""
    return max(
        (level if level in STRICTNESS else StopLevel.HALTED for level in levels),
        key=STRICTNESS.index,
        default=StopLevel.ACTIVE,
    )
