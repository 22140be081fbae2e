"""A replay that has ended: nothing can be asked of it that would wait for ever."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from marketdata.models import Feed
from operations.errors import Conflict
from tests.world import random_walk, world_make
from trading.services import deployment_create, deployment_start
from trading.services.replay import replay_step
from trading.services.submit import Wish, order_submit, position_close


@pytest.fixture
def ended(lake, alice):
    world = world_make(alice, frame=random_walk(sessions=43))
    made = deployment_create(
        account_id=world.account.pk, name="Hold", strategy="buy_and_hold", symbols=["AAA"], actor=alice
    )
    deployment_start(deployment_id=made.pk, actor=alice)
    while replay_step(world.feed.pk):
        pass
    world.feed.refresh_from_db()
    assert world.feed.state == Feed.State.FINISHED
    return world


def test_an_order_is_refused(ended, alice):
    terms = {"account_id": ended.account.pk, "actor": alice, "wall_time": timezone.now()}
    with pytest.raises(Conflict) as refusal:
        order_submit(wish=Wish("AAA", Decimal(1)), **terms)
    assert refusal.value.code == "FEED_FINISHED"
    with pytest.raises(Conflict):
        position_close(symbol="AAA", **terms)


def test_a_start_says_that_it_has_ended(ended, alice):
    made = deployment_create(
        account_id=ended.account.pk, name="More", strategy="buy_and_hold", symbols=["AAA"], actor=alice
    )
    with pytest.raises(Conflict) as refusal:
        deployment_start(deployment_id=made.pk, actor=alice)
    assert refusal.value.code == "FEED_FINISHED"
