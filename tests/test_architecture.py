"""What keeps the house in order: imports run downwards, file names say what may happen inside, webs stay light.

Every rule is a function over a source tree, used twice: on the site, where it must find nothing, and on a small tree
with the fault in it, where it must find exactly that.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
ORDER = ["operations", "users", "marketdata", "portfolio", "risk", "trading", "backtests", "research", "quantsite"]
CLOSED_LIST = """
    admin api apps authentication checks consumers context_processors fields filters forms locks management middleware
    migrations models pagination parsers permissions renderers routing schema selectors serializers services tasks
    templatetags throttling urls validators views
"""
DJANGO_NAMES = set(CLOSED_LIST.split())
ADAPTERS = {
    "marketdata": {"providers", "feeds", "lake", "panels"},
    "trading": {"brokers"},
    "backtests": {"store", "compile"},
    "operations": {"anchors"},
    "research": {"artifacts"},
}
NOWHERE = {"utils", "helpers", "common", "util", "helper", "misc"}
ORM_LIBRARIES = {"django", "rest_framework", "simple_history", "knox", "allauth", "django_celery_beat"}
OUTSIDE_LIBRARIES = """
    channels celery kombu redis psycopg2 sqlite3 structlog logging environ socket ssl http urllib requests httpx httpx2
    websockets uvicorn subprocess threading asyncio yfinance deltalake duckdb django_filters drf_spectacular
"""
IMPURE_LIBRARIES = ORM_LIBRARIES | set(OUTSIDE_LIBRARIES.split())
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"}
CLOCK_OWNERS = {"datetime", "date", "time", "timezone", "dt"}
HEAVY = ("numba", "torch", "xgboost")


def rooms(root: Path) -> list[str]:
    return [name for name in ORDER if (root / name).is_dir()]


def sources(root: Path, room: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((root / room).rglob("*.py")):
        yield path.relative_to(root), ast.parse(path.read_text(encoding="utf-8"))


def kind(path: Path) -> str:
    """Return what a module may do, from its place alone: django, adapter, pure or package."""
    room, *inner = path.with_suffix("").parts
    if room == "quantsite" or inner[0] in DJANGO_NAMES:
        return "django"
    if inner[0] in ADAPTERS.get(room, set()):
        return "adapter"
    return "package" if inner == ["__init__"] else "pure"


def imported(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield every dotted name a module imports, wherever in it, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import, line {node.lineno}"
            yield node.module or "", node.lineno
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def module_file(root: Path, name: str) -> Path | None:
    """Return the file of one of our own modules, None for a name inside a module or another package."""
    for candidate in (root / (name.replace(".", "/") + ".py"), root / name.replace(".", "/") / "__init__.py"):
        if candidate.is_file():
            return candidate.relative_to(root)
    return None


def impure_imports(root: Path) -> list[str]:
    found = []
    for room in rooms(root):
        for path, tree in sources(root, room):
            if kind(path) != "pure":
                continue
            for name, line in imported(tree):
                target = module_file(root, name)
                if name.split(".")[0] in IMPURE_LIBRARIES:
                    found.append(f"{path}:{line} is pure and imports {name}")
                elif target and kind(target) not in {"pure", "package"}:
                    found.append(f"{path}:{line} is pure and imports {name}, which is not")
    return sorted(set(found))


def adapters_with_orm(root: Path) -> list[str]:
    found = []
    for room in rooms(root):
        for path, tree in sources(root, room):
            if kind(path) != "adapter":
                continue
            for name, line in imported(tree):
                target = module_file(root, name)
                if name.split(".")[0] in ORM_LIBRARIES or (target and kind(target) == "django"):
                    found.append(f"{path}:{line} is an adapter and imports {name}")
    return sorted(set(found))


def clocks_and_files_in_pure(root: Path) -> list[str]:
    found = []
    for room in rooms(root):
        for path, tree in sources(root, room):
            if kind(path) != "pure":
                continue
            for node in ast.walk(tree):
                if not isinstance(node, ast.Call):
                    continue
                call = node.func
                if isinstance(call, ast.Name) and call.id in {"open", "print", "input"}:
                    found.append(f"{path}:{node.lineno} is pure and calls {call.id}")
                if isinstance(call, ast.Attribute) and call.attr in CLOCKS and _owner(call) in CLOCK_OWNERS:
                    found.append(f"{path}:{node.lineno} is pure and asks the clock")
    return found


def _owner(call: ast.Attribute) -> str:
    value = call.value
    return value.id if isinstance(value, ast.Name) else value.attr if isinstance(value, ast.Attribute) else ""


def undeclared_pure(root: Path) -> list[str]:
    found = []
    for room in rooms(root):
        for path, tree in sources(root, room):
            first = (ast.get_docstring(tree) or "").split("\n")[0]
            if kind(path) == "pure" and path.name != "__init__.py" and not first.endswith("Pure."):
                found.append(f"{path}: its first line does not end in 'Pure.'")
    return found


def names_of_nowhere(root: Path) -> list[str]:
    return [
        str(path)
        for room in rooms(root)
        for path, _ in sources(root, room)
        if NOWHERE & set(path.with_suffix("").parts) or (path.stem == "signals" and kind(path) == "django")
    ]


def strings_upward(root: Path) -> list[str]:
    """Find strings that name something of a higher room: import-linter does not see them."""
    found = []
    for room in rooms(root):
        higher = ORDER[ORDER.index(room) + 1 :]
        for path, tree in sources(root, room):
            if "migrations" in path.parts:
                continue
            for node in ast.walk(tree):
                if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
                    continue
                head, dot, rest = node.value.partition(".")
                if dot and head in higher and rest.replace(".", "").replace("_", "").isalnum():
                    found.append(f"{path}:{node.lineno} names {node.value}")
    return found


RULES = [impure_imports, adapters_with_orm, clocks_and_files_in_pure, undeclared_pure, names_of_nowhere, strings_upward]

FAULTS = {
    impure_imports: [
        ("risk/gate.py", '"""Gate. Pure."""\nfrom django.conf import settings\n'),
        ("risk/gate.py", '"""Gate. Pure."""\ndef judge():\n    import logging\n'),
        ("risk/gate.py", '"""Gate. Pure."""\nfrom risk.selectors import limits_for\n'),
        ("risk/gate.py", '"""Gate. Pure."""\nfrom risk import selectors\n'),
    ],
    adapters_with_orm: [
        ("marketdata/providers/file.py", '"""Files."""\nfrom marketdata.models import Instrument\n'),
        ("marketdata/lake.py", '"""Lake."""\nfrom django.db import connection\n'),
    ],
    clocks_and_files_in_pure: [
        ("risk/gate.py", '"""Gate. Pure."""\nimport datetime\nNOW = datetime.datetime.now()\n'),
        ("risk/gate.py", '"""Gate. Pure."""\nTEXT = open("limits.json").read()\n'),
    ],
    undeclared_pure: [("risk/gate.py", '"""The gate."""\n')],
    names_of_nowhere: [("risk/utils.py", '"""Odds and ends. Pure."""\n')],
    strings_upward: [
        ("portfolio/models.py", '"""Models."""\nTARGET = "trading.Order"\n'),
        ("operations/services.py", '"""Services."""\nimport_string("portfolio.selectors.accounts_for")\n'),
    ],
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_site_keeps_the_rule(rule):
    """Seen red on the first run over the site and by every fault of the next test."""
    assert rule(ROOT) == []


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [(rule, path, text) for rule, faults in FAULTS.items() for path, text in faults],
    ids=lambda value: value.__name__ if callable(value) else None,
)
def test_rule_finds_the_fault(rule, path, text, tmp_path):
    """Red when a rule is emptied (`return []`): each fault is a small tree with one thing wrong."""
    for folder in ("risk", "portfolio", "marketdata", "operations"):
        (tmp_path / folder).mkdir()
    (tmp_path / "risk" / "selectors.py").write_text('"""Selectors."""\n')
    (tmp_path / "marketdata" / "models.py").write_text('"""Models."""\n')
    file = tmp_path / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    assert len([line for line in rule(tmp_path) if line.startswith(path)]) >= 1
    assert [other for other in RULES if other is not rule and other(tmp_path)] == []


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_imports_run_downwards_only():
    """Seen red by the next test's upward import."""
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout


def test_import_contract_finds_an_upward_import(tmp_path):
    """Red when the layers contract is removed from pyproject.toml: the broken copy then passes."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for room in rooms(ROOT):
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").touch()
    assert lint_imports(tmp_path).returncode == 0
    (tmp_path / "portfolio" / "selectors.py").write_text("import trading\n")
    result = lint_imports(tmp_path)
    assert result.returncode == 1
    assert "portfolio.selectors -> trading" in result.stdout


def test_contract_names_every_room_in_order():
    """Seen red with `risk` and `portfolio` exchanged in pyproject.toml."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(entry for entry in contract["contracts"] if entry["type"] == "layers")["layers"]
    assert layers == contract["root_packages"] == rooms(ROOT)[::-1]


def relations_upward(room: str, model) -> list[str]:
    """Return the foreign keys of a model that point to a higher room, however they were written."""
    return [
        f"{model.__name__}.{relation.name} → {relation.related_model._meta.label}"
        for relation in model._meta.get_fields()
        if relation.is_relation
        and not relation.auto_created
        and relation.related_model is not None
        and relation.related_model._meta.app_label in ORDER
        and ORDER.index(relation.related_model._meta.app_label) > ORDER.index(room)
        and relation.related_model._meta.label != settings.AUTH_USER_MODEL
    ]


@pytest.mark.parametrize("room", rooms(ROOT))
def test_foreign_keys_point_downwards(room):
    """Seen red with the order of rooms reversed in `relations_upward`: every foreign key between rooms was listed."""
    assert [line for model in apps.get_app_config(room).get_models() for line in relations_upward(room, model)] == []


def test_foreign_key_rule_finds_an_upward_key():
    """Red when `relations_upward` returns nothing: held for the lowest room, an order points up."""
    from trading.models import Order

    assert relations_upward("operations", Order)


def test_loading_the_site_loads_no_compiler_and_no_learning_library():
    """Seen red with `rest_framework`, which the routes do load, among the names looked for."""
    code = (
        "import django; django.setup()\n"
        "import importlib, sys\n"
        "from django.conf import settings\n"
        "from django.urls import get_resolver\n"
        "importlib.import_module(settings.ROOT_URLCONF); get_resolver().url_patterns\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    environment = {"PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": "tests.settings"}
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "[]"
