"""Strategies and brokers that the settings name by dotted path."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from operations.errors import InvalidInput
from portfolio.models import Account
from trading.brokers.base import Broker
from trading.strategies.base import Strategy
from trading.strategies.registry import strategies_load


def strategies() -> dict[str, type[Strategy]]:
    """Return the installed strategies by name."""
    return _strategies(tuple(settings.STRATEGIES))


@cache
def _strategies(paths: tuple[str, ...]) -> dict[str, type[Strategy]]:
    return strategies_load(paths)


def strategy_get(name: str) -> type[Strategy]:
    """Return one installed strategy; InvalidInput lists what there is."""
    found = strategies().get(name)
    if found is None:
        known = ", ".join(sorted(strategies()))
        raise InvalidInput("UNKNOWN_STRATEGY", f"There is no strategy {str(name)[:60]!r}; installed: {known}.")
    return found


@cache
def _broker(path: str) -> Any:
    return import_string(path)()


def broker_get(account: Account) -> Broker:
    """Return the venue of an account; only paper accounts have one until live brokers are installed."""
    broker: Broker = _broker(settings.BROKERS[account.environment])
    return broker
