"""Write down every error code the site answers with, from the code that raises them."""

from __future__ import annotations

import ast
from argparse import ArgumentParser
from collections import defaultdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from operations import errors

PAGE = settings.BASE_DIR / "docs" / "error_codes.md"
ROOMS = ("operations", "users", "marketdata", "portfolio", "risk", "trading", "backtests", "quantsite")
FAMILIES = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.ApplicationError) and kind is not errors.ApplicationError
}
HEAD = """# Error codes

Every refusal has one form, `{"code": …, "message": …, "context": …}`: the code is for programs and stays, the message
is a sentence for people, the context names what was refused. A risk denial is not an error: it is a stored decision.

Written by `manage.py error_codes` from the places that raise them.
"""


class Command(BaseCommand):
    """``manage.py error_codes``: write the page; with ``--check`` only say whether it is current."""

    help = "Write docs/error_codes.md from the code; --check fails when the page is not current."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the check."""
        parser.add_argument("--check", action="store_true", help="write nothing, exit 1 when the page is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write or compare."""
        page = page_make()
        if options["check"]:
            if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page:
                raise CommandError("docs/error_codes.md is out of date; run manage.py error_codes.")
            self.stdout.write("docs/error_codes.md is current.")
            return
        PAGE.write_text(page, encoding="utf-8")
        self.stdout.write(f"Wrote {PAGE.relative_to(settings.BASE_DIR)}.")


def page_make() -> str:
    """Return the page: a table a family, a row a code, with one of its sentences."""
    found: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for room in ROOMS:
        for path in sorted((settings.BASE_DIR / room).rglob("*.py")):
            for family, code, sentence in _raised(path):
                found[family].setdefault(code, (sentence, room))
    parts = [HEAD]
    for family in sorted(found, key=lambda name: (FAMILIES[name].status, name)):
        summary = (FAMILIES[family].__doc__ or "").strip().splitlines()[0]
        parts.append(
            f"\n## {FAMILIES[family].status} {family}\n\n{summary}\n\n| code | room | for example |\n|---|---|---|\n"
        )
        parts += [f"| `{code}` | {room} | {sentence} |\n" for code, (sentence, room) in sorted(found[family].items())]
    return "".join(parts)


def _raised(path: Path) -> list[tuple[str, str, str]]:
    """Every ``Family("CODE", "sentence", …)`` of one file."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        code = node.args[0].value
        if name in FAMILIES and isinstance(code, str):
            found.append((name, code, _sentence(node.args[1]) if len(node.args) > 1 else ""))
    return found


def _sentence(node: ast.expr) -> str:
    """The sentence as written, with what is filled in as an ellipsis."""
    if isinstance(node, ast.Constant):
        return str(node.value).replace("|", "\\|")
    if isinstance(node, ast.JoinedStr):
        return "".join(_sentence(part) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""
