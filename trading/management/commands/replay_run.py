"""Run the replays in lock-step until stopped."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from trading.services.replay import replay_loop


class Command(BaseCommand):
    """Run the loop in this process."""

    help = "Run the replays in lock-step until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGINT or SIGTERM."""
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write("replay_run: running; stop with Ctrl-C.")
        replay_loop(stop)
        self.stdout.write("replay_run: stopped.")
