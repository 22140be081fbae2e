"""Stops trading: everything, a venue, a person, an account, or one deployment."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from operations.errors import ApplicationError
from risk.facts import StopLevel
from risk.management.scopes import person, scope_arguments, scope_given
from risk.services import emergency_stop


class Command(BaseCommand):
    """emergency_stop --account 1 --reason "…"; exit code 1 unless everything after the latch is confirmed."""

    help = (
        "Stop trading in a scope; everything where none is named. No opening order is sent from the moment the latch "
        "is set; protective orders and positions stay. The command returns when sends in flight have ended."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        # in an emergency the bare command must do the safe thing
        scope_arguments(parser, required=False)
        parser.add_argument("--reason", default="stopped from the shell", help="kept with the stop and in the audit")
        parser.add_argument("--by", metavar="USERNAME", help="who stops; without it, the operator's shell")
        parser.add_argument("--reducing", action="store_true", help="deny openings only; exits of strategies go on")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command."""
        actor = person(options["by"]) if options["by"] else None
        state = StopLevel.REDUCING if options["reducing"] else StopLevel.HALTED
        try:
            report = emergency_stop(**scope_given(options), reason=options["reason"], actor=actor, state=state)
        except ApplicationError as error:
            raise CommandError(error.message, returncode=2) from error
        self.stdout.write(f"{report.latch} (epoch {report.latch.epoch})")
        for line in report.done:
            self.stdout.write(line)
        for line in report.problems:
            self.stderr.write(line)
        if report.status != "STOPPED":
            raise CommandError(f"{report.status}: the latch is set, and the rest is not confirmed.", returncode=1)
        self.stdout.write("STOPPED: no send of this scope is in flight.")
