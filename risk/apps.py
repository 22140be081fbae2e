"""Application configuration of the risk room."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed_apps
from django.db.models.signals import post_migrate


class RiskConfig(AppConfig):
    """What we may do: gate, limits, capital profiles, emergency stop."""

    name = "risk"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, and keep an emptied database usable."""
        from risk import checks  # noqa: F401 - registering is the point

        post_migrate.connect(profiles_restore, sender=self)


def profiles_restore(*, using: str, apps: Any = installed_apps, **kwargs: Any) -> None:
    """Create the profiles anew where none is left: after `flush` there would be nothing to open an account with."""
    from risk.profiles import PROFILES

    try:
        profiles = apps.get_model("risk", "CapitalProfile").objects.using(using)
    except LookupError:  # this room is not migrated
        return
    if not profiles.exists():
        profiles.bulk_create([profiles.model(**row) for row in PROFILES])
