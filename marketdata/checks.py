"""System checks of the market settings, and the probe of the lake."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.db import DatabaseError
from django.utils.module_loading import import_string

from marketdata.models import DatasetVersion
from marketdata.selectors import lake_get
from operations.errors import ApplicationError
from operations.probes import Reading, Status

SCHEMES = ("s3", "s3a", "gs", "az", "abfs", "abfss", "file")


@register
def lake_url_check(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """LAKE_URL is a folder or an object-storage address of a known kind."""
    url = str(settings.LAKE_URL)
    scheme, found, rest = url.partition("://")
    if not url.strip() or (found and not rest):
        return [
            Error("LAKE_URL is empty.", hint="Name a folder or an address as s3://bucket/lake.", id="marketdata.E001")
        ]
    if found and scheme not in SCHEMES:
        return [
            Error(
                f"LAKE_URL begins with {scheme}://, which is not supported.",
                hint=f"Use one of {', '.join(SCHEMES)}, or a folder.",
                id="marketdata.E001",
            )
        ]
    if not found and (problem := _folder_problem(Path(url))):
        return [Error(f"LAKE_URL {url} {problem}.", hint="Name a folder that can be written.", id="marketdata.E002")]
    return []


@register
def panel_directory_check(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """PANEL_DIR can be written."""
    problem = _folder_problem(Path(settings.PANEL_DIR))
    return [Error(f"PANEL_DIR {settings.PANEL_DIR} {problem}.", id="marketdata.E003")] if problem else []


@register
def providers_check(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every provider can be imported, and QUOTE_SOURCE names one of them, or the replay."""
    found: list[CheckMessage] = []
    for name, path in settings.MARKETDATA_PROVIDERS.items():
        try:
            import_string(path)
        except ImportError as error:
            found.append(Error(f"MARKETDATA_PROVIDERS[{name!r}]: {error}.", id="marketdata.E004"))
    if settings.QUOTE_SOURCE not in {"replay", *settings.MARKETDATA_PROVIDERS}:
        known = ", ".join(["replay", *sorted(settings.MARKETDATA_PROVIDERS)])
        found.append(
            Error(
                f"QUOTE_SOURCE {settings.QUOTE_SOURCE!r} is unknown.", hint=f"Use one of {known}.", id="marketdata.E005"
            )
        )
    return found


@register
def feed_resolver_check(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """MARKETDATA_FEED_RESOLVER, where set, leads to a callable."""
    path = getattr(settings, "MARKETDATA_FEED_RESOLVER", None)
    if not path:
        return []
    try:
        problem = "" if callable(import_string(path)) else "is not callable"
    except ImportError as error:
        problem = f"cannot be imported ({error})"
    return [Error(f"MARKETDATA_FEED_RESOLVER {path} {problem}.", id="marketdata.E006")] if problem else []


def probe_lake() -> Reading:
    """The newest recorded version of the bars can be opened."""
    try:
        version = DatasetVersion.objects.order_by("-id").first()
        current = lake_get().current()
    except (ApplicationError, DatabaseError, OSError) as error:
        return Reading("lake", Status.FAILING, str(error))
    if version is None:
        return Reading("lake", Status.WARNING, "No bars have been ingested yet.")
    if current is None or current.table_id != version.table_id:
        return Reading("lake", Status.FAILING, f"The lake under {settings.LAKE_URL} is not the one that was recorded.")
    return Reading("lake", Status.OK, f"Version {current.version}: {version.rows} bars of {version.symbols} symbols.")


def _folder_problem(folder: Path) -> str:
    """Why the folder cannot be written, or nothing; one that is not there yet is judged by what it will lie in."""
    existing = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    if not existing.is_dir():
        return "is not a folder"
    return "" if os.access(existing, os.W_OK | os.X_OK) else "cannot be written"
