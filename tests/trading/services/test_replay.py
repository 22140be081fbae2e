"""The replay's lock-step: one bar at a time, one loop, what is missing waits or is given up, the rest goes on."""

from __future__ import annotations

import threading
import time

import pytest
from django.utils import timezone

from marketdata.models import Feed
from marketdata.services import feed_create
from operations.locks import singleton_lock
from operations.models import Notification
from portfolio.models import Valuation
from tests.flows.test_parity import paper_rows
from tests.world import account_make, random_walk, world_make
from trading.lifecycle import OrderState
from trading.models import Deployment, Evaluation, Order
from trading.services import deployment_create, deployment_start
from trading.services.evaluate import evaluation_record
from trading.services.replay import Pacer, Requests, _loop_held, replay_loop, replay_step, replay_turn
from trading.services.submit import position_close


class Lease:
    """A lock that is held for so many looks."""

    def __init__(self, looks):
        self.looks = looks

    def alive(self):
        self.looks -= 1
        return self.looks >= 0


def at_close(world):
    replay_step(world.feed.pk)
    Feed.objects.filter(pk=world.feed.pk).update(event_number=2)
    world.feed.refresh_from_db()
    return world.feed


def test_two_replays_stepped_alike_make_the_same_fills(lake, alice):
    world = world_make(alice)
    second = feed_create(name="Again", start_on=world.feed.start_on)
    accounts = [world.account, account_make(alice, second, name="Second")]
    for account in accounts:
        made = deployment_create(
            account_id=account.pk, name="SMA", strategy="sma_cross", parameters={"fast": 3, "slow": 8},
            symbols=["AAA", "BBB", "CCC"], actor=alice,
        )  # fmt: skip
        deployment_start(deployment_id=made.pk, actor=alice)
    for _ in range(50):
        for account in accounts:
            replay_step(account.feed_id)
    first, again = ([(*row[:3], *row[4:]) for row in paper_rows(account)] for account in accounts)
    assert first == again != []


def test_a_turn_run_again_writes_nothing(world, deploy, day):
    deploy()
    day(3)
    world.feed.refresh_from_db()
    before = [model.objects.count() for model in (Order, Evaluation, Valuation)]
    assert replay_turn(world.feed, Requests(), inline=True).done
    assert [model.objects.count() for model in (Order, Evaluation, Valuation)] == before


def test_the_next_event_waits_for_the_evaluations(world, deploy):
    deployment = deploy()
    feed, requests = at_close(world), Requests()
    turn = replay_turn(feed, requests, inline=False)
    assert (turn.done, turn.waiting_for) == (False, "evaluations")
    evaluation_record(deployment_id=deployment.pk, event_number=2)
    turn = replay_turn(feed, requests, inline=False)
    assert (turn.done, turn.waiting_for) == (False, "orders"), "its entry is approved and not yet sent"


def test_an_evaluation_that_never_comes_pauses_its_deployment_alone(world, deploy, settings):
    """No worker answers. Seen red by waiting for every running deployment for ever."""
    settings.EVALUATION_REQUEUE_S, settings.EVALUATION_FAIL_S = 0.05, 0.15
    missing, present = deploy(name="missing", priority=1), deploy(name="present", symbols=["BBB"], priority=2)
    feed, requests = at_close(world), Requests()
    evaluation_record(deployment_id=present.pk, event_number=2)
    deadline = time.monotonic() + 20
    while replay_turn(feed, requests, inline=False).waiting_for == "evaluations":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    missing.refresh_from_db()
    present.refresh_from_db()
    assert (missing.state, present.state) == (Deployment.State.FAILED, Deployment.State.RUNNING)
    assert "No evaluation arrived" in missing.message
    assert Evaluation.objects.get(deployment=missing).state == Evaluation.State.FAILED
    assert Notification.objects.filter(title="missing is failed").exists()
    assert Order.objects.filter(deployment=present, role="entry").exists()
    for _ in range(4):
        assert replay_step(feed.pk)
    assert Evaluation.objects.filter(deployment=present).count() == 3


def test_a_missing_evaluation_is_asked_for_again_and_not_at_every_turn(settings):
    settings.EVALUATION_REQUEUE_S, settings.EVALUATION_FAIL_S = 5.0, 60.0
    requests, key = Requests(), (1, 2)
    assert requests.due(key, 100.0)
    assert not requests.due(key, 104.9)
    assert requests.due(key, 105.0)
    assert not requests.overdue(key, 159.9)
    assert requests.overdue(key, 160.0)
    requests.forget()
    assert not requests.overdue(key, 160.0)


def test_the_replay_waits_for_a_cancel(world, submit, day, alice):
    """An exit waits for its stop's cancel, and the bar waits for both."""
    day()
    submit(stop_loss_price="1")
    day()
    (exit_order,) = position_close(account_id=world.account.pk, symbol="AAA", actor=alice, wall_time=timezone.now())
    world.feed.refresh_from_db()
    assert replay_turn(world.feed, Requests(), inline=False).waiting_for == "orders"
    done = [replay_turn(world.feed, Requests(), inline=True).done for _ in range(2)]
    assert done == [False, True], "first the cancel, then what it held back"
    exit_order.refresh_from_db()
    assert exit_order.state == OrderState.WORKING


def test_an_order_a_crash_left_unanswered_is_taken_up_while_the_replay_runs(world, crashed, settings):
    """Seen red by sweeping once at the start: an attempt younger than the send's timeout was left, and the replay
    waited for it for ever.
    """
    settings.SEND_TIMEOUT_S = 0.3
    order = crashed(seconds_ago=0)
    world.feed.refresh_from_db()
    pacer = Pacer()
    pacer.run(world.feed)
    order.refresh_from_db()
    assert order.state == OrderState.SUBMITTING
    time.sleep(0.4)
    pacer.swept_at -= 2
    pacer.run(world.feed)
    order.refresh_from_db()
    assert order.state == OrderState.WORKING


def test_nothing_moves_before_the_first_clean_round(world, submit, day):
    """Seen red by sweeping without looking at what it found."""
    day()
    made = submit(kind="LIMIT", limit_price="1", time_in_force="GTC").order
    day()
    Order.objects.filter(pk=made.pk).update(filled_quantity=3)
    world.feed.refresh_from_db()
    pacer = Pacer()
    for _ in range(3):
        assert not pacer.run(world.feed)
    Order.objects.filter(pk=made.pk).update(filled_quantity=0)
    pacer.swept_at -= 2
    assert pacer.run(world.feed)


def test_a_feed_that_cannot_be_read_does_not_hold_up_another(world, deploy, alice):
    """Seen red with one try around all feeds: the broken one came first at every turn."""
    deploy()
    second = feed_create(name="Second", start_on=world.feed.start_on, speed=20)
    account = account_make(alice, second, name="Second")
    made = deployment_create(account_id=account.pk, name="Hold", strategy="buy_and_hold", symbols=["AAA"], actor=alice)
    deployment_start(deployment_id=made.pk, actor=alice)
    Feed.objects.filter(pk=world.feed.pk).update(calendar="NOPE", event_number=1)
    _loop_held(threading.Event(), Lease(20))
    second.refresh_from_db()
    assert second.event_number > 0


def test_two_loops_at_once_are_one(world, deploy):
    """The second waits for the first one's place. Seen red without the lock: two loops moved one feed."""
    deploy()
    stop = threading.Event()
    with singleton_lock("replay") as lease:
        assert lease
        threading.Timer(0.5, stop.set).start()
        replay_loop(stop)
    world.feed.refresh_from_db()
    assert world.feed.event_number == 0


def test_at_the_last_bar_it_ends_and_the_next_one_waits(lake, alice):
    world = world_make(alice, frame=random_walk(sessions=43))
    made = deployment_create(
        account_id=world.account.pk, name="Hold", strategy="buy_and_hold", symbols=["AAA"], actor=alice
    )
    deployment_start(deployment_id=made.pk, actor=alice)
    assert [replay_step(world.feed.pk) for _ in range(7)] == [True] * 6 + [False]
    world.feed.refresh_from_db()
    assert (world.feed.state, world.feed.event_number) == (Feed.State.FINISHED, 6)
    successor = Feed.objects.get(is_current=True)
    assert (successor.state, successor.start_on, successor.event_number) == ("waiting", world.feed.start_on, 0)


@pytest.mark.parametrize("speed", [1, 20])
def test_speed_is_a_ceiling(world, deploy, speed):
    deploy()
    Feed.objects.filter(pk=world.feed.pk).update(speed=speed)
    world.feed.refresh_from_db()
    pacer = Pacer()
    due, now = pacer.next_at, time.monotonic()
    pacer._advance(world.feed, now)
    assert pacer.next_at == max(due + 1 / (2 * speed), now + 0.2 / (2 * speed))
