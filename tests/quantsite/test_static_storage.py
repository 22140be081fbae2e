"""Collected files: every import in our modules names a hashed file, which browsers may keep for good."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.templatetags.static import static

IMPORTED = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*)["'](\.[^"']+)["']""")
HASHED = re.compile(r"\.[0-9a-f]{12}\.m?js$")


@pytest.fixture
def collected(settings: Any, tmp_path: Path) -> Path:
    """Our own static files and a stand-in for the chart library, collected."""
    library = tmp_path / "library"
    library.mkdir()
    (library / "lightweight-charts.standalone.production.mjs").write_text("export const chart = 1;\n")
    settings.STATICFILES_DIRS = [settings.BASE_DIR / "static", ("vendor/lightweight-charts", library)]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "quantsite.static_storage.StaticStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    return settings.STATIC_ROOT


def test_every_import_of_a_hashed_module_is_hashed_and_there(collected: Path) -> None:
    """Seen red with `support_js_module_import_aggregation` off: every import kept its plain name."""
    modules = [path for path in collected.glob("js/**/*.js") if HASHED.search(path.name)]
    imports = [(path, name) for path in modules for name in IMPORTED.findall(path.read_text(encoding="utf-8"))]
    assert len(imports) > 50
    for path, name in imports:
        assert HASHED.search(name), f"{path.name} imports {name}"
        assert (path.parent / name).resolve().is_file(), f"{path.name} imports {name}"


def test_pages_name_the_hashed_files(collected: Path) -> None:
    address = static("js/pages/dashboard.js")
    assert HASHED.search(address)
    assert (collected / address.removeprefix("/static/")).with_suffix(".js.br").is_file()
