"""Fill a new site: the sample market and the demo's people, account and deployments, each where missing."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import transaction

from marketdata.models import DatasetVersion
from marketdata.services import sample_market_load
from quantsite.demo import Credentials, demo_create, demo_owed, demo_read

DEMO = settings.BASE_DIR / "deploy" / "demo.json"


class Command(BaseCommand):
    """``manage.py setup_site``: safe to run again, and to run again after it was interrupted."""

    help = "Load the sample market and create the demo's people, paper account and deployments where there are none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the demo's file."""
        parser.add_argument("--demo", type=Path, default=DEMO, help="the file that says what to create")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load and create what is missing; print new passwords once."""
        if not DatasetVersion.objects.exists():
            self._say("Loading the sample market …")
            sample_market_load(progress=lambda fraction, message: self._say(f"  {fraction:4.0%} {message}"))
        if not demo_owed():
            return
        self._say("Creating the demo's people, account and deployments …")
        try:
            data = demo_read(options["demo"])
        except (OSError, ValueError) as error:
            raise CommandError(f"The demo file {options['demo']} cannot be read: {error}.") from None
        with transaction.atomic():
            # printed before the commit: a password that counts has always been seen
            self._credentials_print(demo_create(data=data))

    def _credentials_print(self, people: list[Credentials]) -> None:
        wide = max(len(person.title) for person in people)
        names = max(len(person.username) for person in people)
        lines = [f"  {person.title:<{wide}}  {person.username:<{names}}  {person.password}" for person in people]
        rule = "─" * max(map(len, lines))
        self._say("\n".join(["Sign in with (shown once, kept nowhere in clear, changeable):", rule, *lines, rule]))

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
