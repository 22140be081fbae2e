"""What a start finds missing, and how static files are kept."""

from __future__ import annotations

import errno
from pathlib import Path

import brotli
import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from quantsite.management.commands.serve import disk_sentence
from quantsite.setup import migrations_owed, static_files_mark, static_files_owed


@pytest.fixture
def static_files(settings, tmp_path):
    """A static root of our own and one source file."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "page.css").write_text("body { color: black }\n" * 200)
    (source / "page.js.map").write_text("{}" * 500)
    (source / "redoc").mkdir()
    (source / "redoc" / "redoc.js").write_text("0")
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "quantsite.static_storage.StaticStorage"},
    }
    return source


def collect() -> None:
    fingerprint = static_files_owed()
    assert fingerprint
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    static_files_mark(fingerprint)


@pytest.mark.django_db
def test_migrations_are_owed_until_they_are_applied():
    assert not migrations_owed()
    newest = MigrationLoader(connection).graph.leaf_nodes("operations")[0]
    MigrationRecorder(connection).record_unapplied(*newest)
    assert migrations_owed()


def test_static_files_are_collected_again_only_after_a_change(static_files):
    """Seen red with the file's size alone in the fingerprint: a change of the same length went unseen."""
    collect()
    assert static_files_owed() == ""
    text = (static_files / "page.css").read_text()
    (static_files / "page.css").write_text(text.replace("black", "white"))
    collect()
    assert static_files_owed() == ""


def test_interrupted_collecting_is_done_again(static_files):
    call_command("collectstatic", interactive=False, verbosity=0)
    assert static_files_owed()


def test_files_are_hashed_and_compressed_without_the_unused(static_files, settings):
    collect()
    root = Path(settings.STATIC_ROOT)
    names = {path.name for path in root.rglob("*") if path.is_file()}
    hashed = next(path for path in root.glob("page.*.css"))
    assert brotli.decompress((root / f"{hashed.name}.br").read_bytes()) == hashed.read_bytes()
    assert f"{hashed.name}.gz" in names
    assert not [name for name in names if name.endswith((".map.br", ".map.gz"))]
    assert not (root / "redoc").exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "is full"),
        (OperationalError("database or disk is full"), "is full"),
        (OSError(errno.EROFS, "Read-only file system"), "cannot be written"),
        (OperationalError("attempt to write a readonly database"), "cannot be written"),
        (OperationalError("unable to open database file"), "cannot be written"),
    ],
)
def test_disk_errors_are_one_sentence(error, words):
    sentence = disk_sentence(error)
    assert words in sentence
    assert sentence.count("\n") == 0


def test_other_errors_keep_their_trace():
    assert disk_sentence(OperationalError("no such table: users_user")) is None
