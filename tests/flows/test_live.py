"""A snapshot and the events after it equal a fresh snapshot, also when one message in five is lost.

Seen red by not dropping a closed position, and by leaving the clock out of the events of an idle account.
"""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from django.utils import timezone

from operations.selectors import events_since
from quantsite.consumers import event_message
from tests.reducer import event_apply
from trading.selectors.snapshot import snapshot_get
from trading.services import account_start, account_stop, deployment_create
from trading.services.cancel import orders_cancel_all
from trading.services.replay import replay_step
from trading.services.submit import Wish, order_submit, position_close, stop_loss_set


def message_of(event):
    row = {
        "number": event.number,
        "kind": event.kind,
        "market_time": None,
        "payload": event.payload,
    }
    return event_message(row)


class Client:
    """A dashboard that loses messages and asks for what it missed when it notices."""

    def __init__(self, account, loses: float, seed: int):
        self.account, self.loses, self.random = account, loses, random.Random(seed)
        snapshot = snapshot_get(account, user=account.owner, role="owner")
        self.state, self.last, self.seen = snapshot["state"], snapshot["number"], snapshot["number"]

    def hear(self):
        for event in events_since(stream=self.account.stream, number=self.seen):
            self.seen = event.number
            if self.random.random() < self.loses:
                continue
            if event.number > self.last + 1:
                self.catch_up()
            elif event.number == self.last + 1:
                self.take(event)

    def catch_up(self):
        for event in events_since(stream=self.account.stream, number=self.last):
            self.take(event)

    def take(self, event):
        self.state = event_apply(self.state, message_of(event))
        self.last = event.number


@pytest.mark.parametrize("loses", [0.0, 0.2])
def test_snapshot_and_events_equal_a_fresh_snapshot(world, alice, loses):
    for priority, (name, strategy) in enumerate((("SMA", "sma_cross"), ("Donchian", "donchian"))):
        deployment_create(
            account_id=world.account.pk,
            name=name,
            strategy=strategy,
            parameters={"fast": 3, "slow": 8} if strategy == "sma_cross" else {"entry": 8, "exit": 4},
            symbols=["AAA", "BBB", "CCC"],
            priority=priority,
            actor=alice,
        )
    client = Client(world.fresh(), loses, seed=3)
    account_start(account_id=world.account.pk, actor=alice)
    terms = {"account_id": world.account.pk, "actor": alice, "wall_time": timezone.now()}
    for step in range(44):
        replay_step(world.feed.pk)
        if step == 5:
            order_submit(wish=Wish("CCC", Decimal(3)), **terms)
        if step == 9:
            stop_loss_set(symbol="CCC", stop_price=Decimal(1), **terms)
        if step == 13:
            order_submit(wish=Wish("CCC", Decimal(100_000)), **terms)
        if step == 19:
            position_close(symbol="CCC", **terms)
        if step == 33:
            orders_cancel_all(account_id=world.account.pk, actor=alice)
            account_stop(account_id=world.account.pk, actor=alice)
        client.hear()
    client.catch_up()
    fresh = snapshot_get(world.fresh(), user=alice, role="owner")
    assert client.last == fresh["number"]
    for section, value in fresh["state"].items():
        assert client.state[section] == value, section
    assert fresh["state"]["fills"]
