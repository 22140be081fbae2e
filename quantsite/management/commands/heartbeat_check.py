"""Say whether a part of the site is alive: the health check of services that answer no requests."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from operations.selectors import heartbeat_age

AGE_S = 60.0


class Command(BaseCommand):
    """``manage.py heartbeat_check NAME``: exit 0 when it was heard of lately, 1 when not."""

    help = "Exit 0 when the named part of the site recorded a sign of life lately, 1 when it did not."
    requires_system_checks = ()  # asked every few seconds, so it does one query and nothing else

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the part's name and how old its sign of life may be."""
        parser.add_argument("name", help="dispatcher, replay or worker")
        parser.add_argument("--age", type=float, default=AGE_S, help="seconds the last sign of life may be old")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look the heartbeat up."""
        age = heartbeat_age(options["name"])
        self.stdout.write(f"{options['name']}: " + ("never heard of" if age is None else f"{age:.1f} s ago"))
        sys.exit(0 if age is not None and age <= options["age"] else 1)
