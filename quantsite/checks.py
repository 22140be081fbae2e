"""System checks of the composition root: a wrong or missing setting is an error that says what is allowed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured


@register()
def check_configuration(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report every environment variable that is missing or wrong."""
    return [Error(problem, id="quantsite.E001") for problem in settings.CONFIGURATION_PROBLEMS]


@register()
def check_front_end(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn when the chart library was not installed."""
    if any(isinstance(entry, tuple) for entry in settings.STATICFILES_DIRS):
        return []
    return [CheckWarning("Front-end libraries are missing; run `make setup` (or `npm ci`).", id="quantsite.W001")]


def configuration_require() -> None:
    """Refuse to serve with a wrong configuration; entry points that skip the check framework call this."""
    if settings.CONFIGURATION_PROBLEMS:
        raise ImproperlyConfigured(" ".join(settings.CONFIGURATION_PROBLEMS))
