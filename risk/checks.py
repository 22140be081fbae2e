"""System checks of what risk reads from the settings."""

from __future__ import annotations

from math import isfinite
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string


@register
def stop_hooks_check(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every dotted path of STOP_HOOKS leads to a callable: a stop must not find out otherwise."""
    return [
        Error(f"STOP_HOOKS: {path} {problem}.", hint="An emergency stop calls it.", id="risk.E001")
        for path in getattr(settings, "STOP_HOOKS", [])
        if (problem := _problem(path))
    ]


@register
def drain_timeout_check(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """STOP_DRAIN_TIMEOUT_S is a number of seconds above zero, and longer than one send may take."""
    drain, send = getattr(settings, "STOP_DRAIN_TIMEOUT_S", None), getattr(settings, "SEND_TIMEOUT_S", 0)
    if not isinstance(drain, int | float) or isinstance(drain, bool) or not isfinite(drain) or drain <= 0:
        return [Error("STOP_DRAIN_TIMEOUT_S is not a number of seconds above 0.", id="risk.E002")]
    if drain < send:
        return [
            Error(
                f"STOP_DRAIN_TIMEOUT_S ({drain:g}) is shorter than SEND_TIMEOUT_S ({send:g}).",
                hint="A stop waits for sends in flight: give it the send timeout and a second.",
                id="risk.E003",
            )
        ]
    return []


def _problem(path: str) -> str:
    try:
        hook = import_string(path)
    except ImportError as error:
        return f"cannot be imported ({error})"
    return "" if callable(hook) else "cannot be called"
