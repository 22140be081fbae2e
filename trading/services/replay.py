"""The replay's loop, in lock-step: nothing of the next event begins before all of this one is recorded.

Everything owed is read from the database at each turn, so a loop that was killed goes on where it stood, and a turn
run twice writes nothing the second time. One holder by lock; speed is a ceiling, never a reason to skip.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.db.models import Q
from django.utils import timezone

from marketdata.models import Feed
from marketdata.selectors import feed_event_get
from marketdata.services import feed_advance, feed_finish
from operations.locks import singleton_lock
from operations.services import heartbeat_record
from portfolio.models import Account
from trading.lifecycle import OrderState
from trading.models import Deployment, Evaluation, Order
from trading.services.act import account_act
from trading.services.deployments import deployment_pause
from trading.services.dispatcher import dispatch_pending, dispatch_wake
from trading.services.evaluate import evaluation_fail, evaluation_record, evaluations_owed
from trading.services.match import paper_event_match
from trading.services.reconcile import reconcile_round, unanswered_resend
from trading.tasks import deployment_evaluate

log = structlog.get_logger(__name__)

IN_MOTION = (OrderState.APPROVED, OrderState.SUBMITTING, OrderState.CANCEL_PENDING)
EVENTS_PER_SESSION = 2
IDLE_S = 0.2
SWEEP_S = 2.0


@dataclass(slots=True)
class Turn:
    """What one turn of the loop found: whether the event is finished, and what it still waits for."""

    done: bool
    waiting_for: str = ""


class Requests:
    """When each owed evaluation was last asked for and first missed, in wall time; losing it only asks again."""

    def __init__(self) -> None:
        self.asked: dict[tuple[int, int], float] = {}
        self.first: dict[tuple[int, int], float] = {}

    def due(self, key: tuple[int, int], now: float) -> bool:
        """Return whether to ask (again) for this evaluation."""
        self.first.setdefault(key, now)
        if now - self.asked.get(key, float("-inf")) < settings.EVALUATION_REQUEUE_S:
            return False
        self.asked[key] = now
        return True

    def overdue(self, key: tuple[int, int], now: float) -> bool:
        """Return whether this evaluation has been missing for too long."""
        return now - self.first.get(key, now) >= settings.EVALUATION_FAIL_S

    def forget(self) -> None:
        """Begin the next event with a clean slate."""
        self.asked.clear()
        self.first.clear()


def replay_turn(feed: Feed, requests: Requests, *, inline: bool) -> Turn:
    """Do what the feed's current event still owes. ``inline`` evaluates and sends here instead of asking workers."""
    number = feed.event_number
    if number:
        event = feed_event_get(feed, number)
        for account_id in _accounts_unmatched(feed):
            paper_event_match(account_id=account_id, event=event, feed=feed)
    if not _orders_settled(feed, inline=inline):
        return Turn(done=False, waiting_for="orders")
    if number and number % EVENTS_PER_SESSION == 0:
        owed = evaluations_owed(feed)
        for deployment in owed:
            _evaluation_ask(deployment, number, requests, inline=inline)
        if owed and evaluations_owed(feed):
            return Turn(done=False, waiting_for="evaluations")
        acted = [account_act(account_id=account_id, event_number=number) for account_id in _accounts_to_act(feed)]
        if any(acted) and not _orders_settled(feed, inline=inline):
            return Turn(done=False, waiting_for="orders")
    return Turn(done=True)


def replay_step(feed_id: int, *, inline: bool = True) -> bool:
    """Finish the current event and hand out the next one, all in this thread; false at the end of the data."""
    feed = Feed.objects.get(pk=feed_id)
    requests = Requests()
    while not replay_turn(feed, requests, inline=inline).done:
        time.sleep(0.002)
    if feed_event_get(feed, feed.event_number + 1) is None:
        feed_finish(feed_id=feed.pk)
        return False
    feed_advance(feed_id=feed.pk, number=feed.event_number + 1)
    feed.refresh_from_db()
    while not replay_turn(feed, requests, inline=inline).done:
        time.sleep(0.002)
    return True


def replay_loop(stop: threading.Event) -> None:
    """Run every running replay until ``stop`` is set. One holder; the others wait for its place."""
    while not stop.is_set():
        with singleton_lock("replay") as lease:
            if not lease:
                stop.wait(1.0)
                continue
            _loop_held(stop, lease)


def _loop_held(stop: threading.Event, lease: Any) -> None:
    pacers: dict[int, Pacer] = {}
    beat = 0.0
    while not stop.is_set() and lease.alive():
        now = time.monotonic()
        if now - beat > 2:
            heartbeat_record(name="replay")
            beat = now
        busy = False
        try:
            for feed in Feed.objects.filter(kind="replay", state=Feed.State.RUNNING):
                busy |= pacers.setdefault(feed.pk, Pacer()).run(feed)
        except DatabaseError:
            log.exception("replay_lost_database")
            close_old_connections()
            stop.wait(1.0)
        if not busy:
            stop.wait(IDLE_S)


class Pacer:
    """Keeps one feed at its speed: a day is two events, 1x is one day a second."""

    def __init__(self) -> None:
        self.requests = Requests()
        self.next_at = time.monotonic()
        self.measured_at = time.monotonic()
        self.measured_event = -1
        self.swept_at = self.rests_until = float("-inf")
        self.clean = False

    def run(self, feed: Feed) -> bool:
        """Sweep when it is time, then do one turn; a feed that fails rests for a second, the others go on."""
        now = time.monotonic()
        if now < self.rests_until:
            return False
        try:
            return self._swept(feed, now) and self.turn(feed)
        except DatabaseError:
            raise
        except Exception:
            log.exception("replay_turn_failed", feed=feed.pk)
            self.rests_until = now + 1.0
            return False

    def _swept(self, feed: Feed, now: float) -> bool:
        """Take up what a crash left on its way, every two seconds; nothing moves before the first clean round."""
        if now - self.swept_at >= SWEEP_S:
            self.swept_at = now
            if self.clean:
                unanswered_resend(feed_id=feed.pk, wall_time=timezone.now())
            else:
                self.clean = reconcile_round(feed_id=feed.pk, wall_time=timezone.now()).clean
        return self.clean

    def turn(self, feed: Feed) -> bool:
        """Do one turn; return whether anything may be left to do at once."""
        if not replay_turn(feed, self.requests, inline=False).done:
            time.sleep(0.004)
            return True
        now = time.monotonic()
        if now < self.next_at:
            time.sleep(min(self.next_at - now, 0.02))
            return True
        self._advance(feed, now)
        return True

    def _advance(self, feed: Feed, now: float) -> None:
        if feed_event_get(feed, feed.event_number + 1) is None:
            feed_finish(feed_id=feed.pk)
            return
        self.requests.forget()
        interval = 1.0 / (EVENTS_PER_SESSION * float(feed.speed))
        self.next_at = max(self.next_at + interval, now + interval * 0.2)
        feed_advance(feed_id=feed.pk, number=feed.event_number + 1, speed_reached=self._measure(feed, now))

    def _measure(self, feed: Feed, now: float) -> float | None:
        """The speed reached over the last two seconds; None while there is nothing new to say."""
        if self.measured_event < 0:
            self.measured_event, self.measured_at = feed.event_number, now
        elapsed = now - self.measured_at
        if elapsed < 2:
            return None
        days = (feed.event_number - self.measured_event) / EVENTS_PER_SESSION
        self.measured_event, self.measured_at = feed.event_number, now
        return days / elapsed


def _accounts_unmatched(feed: Feed) -> list[int]:
    return list(
        Account.objects.filter(feed=feed, archived_at__isnull=True, matched_event__lt=feed.event_number)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def _accounts_to_act(feed: Feed) -> list[int]:
    return list(
        Evaluation.objects.filter(
            deployment__account__feed=feed, event_number=feed.event_number, state=Evaluation.State.RECORDED
        )
        .order_by("deployment__account_id")
        .values_list("deployment__account_id", flat=True)
        .distinct()
    )


def _orders_settled(feed: Feed, *, inline: bool) -> bool:
    """Return whether no order of this feed is still on its way out or waits for a cancel."""
    if not _in_motion(feed):
        return True
    if inline:
        dispatch_pending(wall_time=timezone.now(), feed_id=feed.pk)
    else:
        dispatch_wake()
    return not _in_motion(feed)


def _in_motion(feed: Feed) -> bool:
    waits_for_cancel = Q(parent__isnull=True) | Q(replaces__isnull=False)
    return Order.objects.filter(
        Q(state__in=IN_MOTION) | Q(waits_for_cancel, state=OrderState.HELD),
        account__feed=feed,
        account__archived_at__isnull=True,
    ).exists()


def _evaluation_ask(deployment: Deployment, number: int, requests: Requests, *, inline: bool) -> None:
    """Ask a worker for an evaluation; again after 5 s; failed, with the deployment paused, after 60 s."""
    if inline:
        evaluation_record(deployment_id=deployment.pk, event_number=number)
        return
    key, now = (deployment.pk, number), time.monotonic()
    if requests.overdue(key, now):
        message = f"No evaluation arrived within {settings.EVALUATION_FAIL_S:.0f} s; the deployment is paused."
        evaluation_fail(deployment_id=deployment.pk, event_number=number, message=message)
        deployment_pause(deployment_id=deployment.pk, message=message, market_time=None, failed=True)
    elif requests.due(key, now):
        deployment_evaluate.delay(deployment.pk, number)
