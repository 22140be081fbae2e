"""Send approved orders to their venues until stopped."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from trading.services.dispatcher import dispatch_loop


class Command(BaseCommand):
    """Run the loop in this process."""

    help = "Send approved orders to their venues until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGINT or SIGTERM."""
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write("dispatch: running; stop with Ctrl-C.")
        dispatch_loop(stop)
        self.stdout.write("dispatch: stopped.")
