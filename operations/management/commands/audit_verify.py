"""Verifies the audit chain: changed, deleted, inserted, moved and cut records show."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from operations.services import audit_verify


class Command(BaseCommand):
    """audit_verify [--stream account:7]; exit code 1 with the list of breaks."""

    help = "Verify the audit chain of every stream, or of one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--stream", help="verify this stream only, for example account:7")

    def handle(self, *args: Any, **options: Any) -> None:
        breaks = audit_verify(stream=options["stream"])
        for found in breaks:
            self.stderr.write(str(found))
        if breaks:
            raise CommandError(f"The audit chain is broken in {len(breaks)} places.", returncode=1)
        self.stdout.write("The audit chain holds.")
