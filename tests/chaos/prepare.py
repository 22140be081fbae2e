"""Run as ``python -m tests.chaos.prepare``: a small random market, one paper account, three strategies, started at 20x.

The environment says where (DATA_DIR, DATABASE_URL). Nothing here trades: the processes under test do.
"""

from __future__ import annotations

import os
from decimal import Decimal

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quantsite.settings")
django.setup()

from django.core.management import call_command  # noqa: E402 - after the set-up

from marketdata.services import feed_speed_set  # noqa: E402 - as above
from tests.flows.test_parity import STRATEGIES  # noqa: E402 - as above
from tests.world import random_walk, world_make  # noqa: E402 - as above
from trading.services import account_start, deployment_create  # noqa: E402 - as above
from users.services import user_create  # noqa: E402 - as above

START_ROW = 40


def main() -> None:
    """Fill the empty site."""
    call_command("migrate", interactive=False, verbosity=0)
    owner = user_create(username="owner", password="correct horse battery")
    frame = random_walk(sessions=START_ROW + int(os.environ["CHAOS_SESSIONS"]), late=START_ROW + 10)
    world = world_make(owner, frame=frame, start_row=START_ROW)
    world.limits(max_position_pct=Decimal("0.08"))
    for priority, (name, strategy, parameters) in enumerate(STRATEGIES):
        deployment_create(
            account_id=world.account.pk,
            name=name,
            strategy=strategy,
            parameters=parameters,
            symbols=["AAA", "BBB", "CCC"],
            priority=priority,
            on_limit="deny",
            actor=owner,
        )
    feed_speed_set(feed_id=world.feed.pk, speed=20)
    account_start(account_id=world.account.pk, actor=owner)


if __name__ == "__main__":
    main()
