"""Run as ``python -m tests.benchmarks.prepare N``: N people with an account and a token each, on a small market.

Prints them as JSON. Rate and open-order limits are raised: the benchmark asks more of one account than a person may.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from decimal import Decimal

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quantsite.settings")
django.setup()

from django.core.management import call_command  # noqa: E402 - after the set-up

from marketdata.services import feed_wake  # noqa: E402 - as above
from risk.models import AccountRisk  # noqa: E402 - as above
from tests.world import account_make, world_make  # noqa: E402 - as above
from trading.services.replay import replay_step  # noqa: E402 - as above
from users.services import token_create, user_create  # noqa: E402 - as above


def main(count: int) -> None:
    """Fill the empty site."""
    call_command("migrate", interactive=False, verbosity=0)
    people = [user_create(username=f"person{place}", password="correct horse battery") for place in range(count)]
    world = world_make(people[0])
    accounts = [world.account, *(account_make(person, world.feed) for person in people[1:])]
    far = 1_000_000
    AccountRisk.objects.update(
        orders_per_second=far, orders_per_minute=far, max_open_orders=far, max_order_pct=Decimal(1),
        max_position_pct=Decimal(1), max_user_symbol_pct=Decimal(1),
    )  # fmt: skip
    feed_wake(feed_id=world.feed.pk, actor=people[0])
    for _ in range(2):
        replay_step(world.feed.pk)
    made = [{"account": account.pk, "token": _token(person)} for account, person in zip(accounts, people, strict=True)]
    print(json.dumps(made))  # noqa: T201 - a command's output


def _token(person: object) -> str:
    _, text = token_create(user=person, name="bench", scopes=["read", "trade"], expires_in=timedelta(days=1))
    return text


if __name__ == "__main__":
    main(int(sys.argv[1]))
