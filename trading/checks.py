"""System checks and health probes of the trading room."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from operations.probes import Reading, Status
from operations.selectors import heartbeat_age
from trading.strategies.registry import strategies_load

BEAT_LATE_S = 15.0


@register()
def check_strategies(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report a strategy path that names nothing."""
    try:
        strategies_load(settings.STRATEGIES)
    except ValueError as error:
        return [Error(str(error), hint="Mend EXTRA_STRATEGIES.", id="trading.E001")]
    return []


@register()
def check_brokers(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report a broker path that names nothing."""
    found: list[CheckMessage] = []
    for environment, path in settings.BROKERS.items():
        try:
            import_string(path)
        except ImportError as error:
            found.append(Error(f"BROKERS[{environment!r}]: {error}", id="trading.E002"))
    return found


def probe_dispatcher() -> Reading:
    """Whether a dispatcher takes orders to their venues."""
    return _loop_reading("Dispatcher", "dispatcher")


def probe_replay() -> Reading:
    """Whether the replay's loop turns."""
    return _loop_reading("Replay", "replay")


def _loop_reading(name: str, heartbeat: str) -> Reading:
    age = heartbeat_age(heartbeat)
    if age is None:
        return Reading(name, Status.FAILING, "It was never heard of; start it.")
    if age > BEAT_LATE_S:
        return Reading(name, Status.FAILING, f"Silent for {age:.0f} s.")
    return Reading(name, Status.OK)
