"""Run as ``python -m tests.benchmarks.replay_days N``: step a prepared replay N sessions and print sessions a second.

Everything a session owes is done in this process: matching, booking, valuing, evaluating, acting, sending.
"""

from __future__ import annotations

import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quantsite.settings")
django.setup()

from marketdata.models import Feed  # noqa: E402 - after the set-up
from trading.models import Fill  # noqa: E402 - as above
from trading.services.replay import replay_step  # noqa: E402 - as above


def main(sessions: int) -> None:
    """Step and measure."""
    feed = Feed.objects.order_by("pk").first()
    assert feed is not None
    for _ in range(20):
        replay_step(feed.pk)
    started = time.perf_counter()
    for _ in range(2 * sessions):
        replay_step(feed.pk)
    print(sessions / (time.perf_counter() - started), Fill.objects.count())  # noqa: T201 - a command's output


if __name__ == "__main__":
    main(int(sys.argv[1]))
