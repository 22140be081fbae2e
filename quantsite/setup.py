"""What a start finds missing: migrations not applied, static files not collected since they last changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

FINGERPRINT = ".fingerprint"
# ReDoc and the browsable API are not served; of the charts only the production module is
STATIC_UNUSED = ("redoc", "rest_framework", "*.development.*", "*.standalone.production.js")


def migrations_owed() -> bool:
    """Return whether the database lacks a migration."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def static_files_owed() -> str:
    """Return the fingerprint of the static files when they differ from the collected ones, else an empty string."""
    digest = hashlib.sha256()
    for finder in finders.get_finders():
        for path, storage in finder.list(list(STATIC_UNUSED)):
            stat = Path(storage.path(path)).stat()
            digest.update(f"{getattr(storage, 'prefix', '')}/{path}:{stat.st_size}:{stat.st_mtime_ns}\n".encode())
    fingerprint = digest.hexdigest()
    mark = Path(settings.STATIC_ROOT) / FINGERPRINT
    return "" if mark.is_file() and mark.read_text(encoding="ascii") == fingerprint else fingerprint


def static_files_mark(fingerprint: str) -> None:
    """Remember what was collected; called after collecting, so that an interrupted one is done again."""
    (Path(settings.STATIC_ROOT) / FINGERPRINT).write_text(fingerprint, encoding="ascii")
