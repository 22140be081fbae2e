"""Make a replay that waits at a date of your choice."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from marketdata.feeds.replay import SPEEDS
from marketdata.services import feed_create
from operations.errors import ApplicationError


class Command(BaseCommand):
    """``manage.py replay_create --start 2010-01-04``: new accounts open on it; open accounts keep the one they have."""

    help = (
        "Make a replay of the newest bars that waits at a date; new accounts open on it unless --not-current is given."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare where it starts and how fast it plays."""
        parser.add_argument("--start", required=True, type=_day, help="the first session, as 2010-01-04")
        parser.add_argument("--name", default="Replay", help="what people see it called")
        parser.add_argument("--speed", type=int, default=1, choices=SPEEDS, help="sessions a second, at most")
        parser.add_argument("--calendar", default="XNYS", help="exchange calendar of the instruments")
        parser.add_argument("--note", default="", help="what people should know of this stretch of the market")
        parser.add_argument("--not-current", action="store_true", help="new accounts go on opening on the present one")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and say where it stands."""
        try:
            feed = feed_create(
                name=options["name"],
                start_on=options["start"],
                speed=options["speed"],
                calendar=options["calendar"],
                note=options["note"],
                make_current=not options["not_current"],
            )
        except ApplicationError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"Replay {feed.pk} ({feed.name}) waits at {feed.start_on}; it plays when a strategy on it is started."
        )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no date; write it as 2010-01-04.") from None
