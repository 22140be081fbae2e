"""Ends a stop."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from operations.errors import ApplicationError
from risk.management.scopes import person, scope_arguments, scope_given
from risk.services import resume


class Command(BaseCommand):
    """resume --account 1 --reason "…" --by alice; exit code 2 when it is refused."""

    help = "End the stop of a scope. On paper its owner does so alone; a wider stop may still hold afterwards."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        scope_arguments(parser)
        parser.add_argument("--reason", required=True, help="kept with the latch and in the audit")
        parser.add_argument("--by", metavar="USERNAME", required=True, help="who resumes")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command."""
        try:
            report = resume(**scope_given(options), reason=options["reason"], actor=person(options["by"]))
        except ApplicationError as error:
            raise CommandError(error.message, returncode=2) from error
        for line in report.problems:
            self.stderr.write(line)
        self.stdout.write(f"{report.latch} (epoch {report.latch.epoch})")
