"""Feeds are created, woken, paused and moved on. Each change is one conditional UPDATE, then audit and event."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from marketdata import calendars
from marketdata.feeds.replay import SPEEDS
from marketdata.models import DatasetVersion, Feed
from marketdata.selectors import dataset_latest, feed_get, feed_last_event, feed_moment, feed_payload
from operations.errors import Conflict, InvalidInput, Unprocessable
from operations.services import audit_append, event_publish

State = Feed.State


@transaction.atomic
def feed_create(
    *,
    name: str,
    start_on: date | None = None,
    speed: int = 1,
    make_current: bool = True,
    kind: str = "replay",
    calendar: str = "XNYS",
    dataset_version: DatasetVersion | None = None,
    market_time: datetime | None = None,
    note: str = "",
    actor: Any = None,
) -> Feed:
    """A replay waiting at the first session on or after `start_on`, on the newest dataset by default; or a live feed.

    A replay keeps its dataset version: later ingests do not change it. `market_time` is for live feeds, which run at
    once. With `make_current` new accounts open on it.
    """
    _speed_check(speed)
    calendars.calendar_get(calendar)
    feed = Feed(name=name, kind=kind, calendar=calendar, speed=speed, is_current=make_current, note=note[:300])
    if kind == Feed.Kind.LIVE:
        feed.state, feed.market_time = State.RUNNING, market_time or timezone.now()
    else:
        _replay_prepare(feed, start_on, dataset_version or dataset_latest())
    if make_current:
        Feed.objects.filter(is_current=True).update(is_current=False)
    feed.save()
    _tell(feed, "feed.create", actor=actor)
    return feed


def _replay_prepare(feed: Feed, start_on: date | None, version: DatasetVersion) -> None:
    if start_on is None:
        raise InvalidInput("START_MISSING", "A replay needs the day it starts on.")
    feed.start_on = calendars.session_on_or_after(feed.calendar, start_on)
    feed.dataset_version = version
    feed.market_time = feed_moment(feed, 0).at
    if feed_last_event(feed) < 1:
        message = f"There are no bars on {feed.calendar} on or after {start_on}; the last day is {version.last_on}."
        raise Unprocessable("START_AFTER_DATA", message, start_on=start_on.isoformat())


@transaction.atomic
def feed_advance(*, feed_id: int, number: int, speed_reached: float | None = None) -> Feed:
    """Move a running replay from event `number` - 1 to `number`; of two callers one does it, one gets Conflict."""
    feed = feed_get(feed_id)
    if feed.kind != Feed.Kind.REPLAY:
        raise Unprocessable("FEED_LIVE", "A live feed follows the market and cannot be moved on.")
    if not 1 <= number <= feed_last_event(feed):
        raise Conflict("FEED_ENDED", f"The replay {feed.name} has no event {number}.", feed=feed_id, number=number)
    moment = feed_moment(feed, number)
    changes: dict[str, Any] = {"event_number": number, "market_time": moment.at}
    if speed_reached is not None:
        changes["speed_reached"] = speed_reached
    waiting = Feed.objects.filter(pk=feed_id, event_number=number - 1, state=State.RUNNING)
    if not waiting.update(**changes):
        message = f"The replay {feed.name} is {feed.state} at event {feed.event_number}, not before event {number}."
        raise Conflict("FEED_MOVED", message, feed=feed_id, number=number)
    feed = feed_get(feed_id)
    _publish(feed)
    return feed


def feed_wake(*, feed_id: int, actor: Any = None) -> Feed:
    """A waiting replay starts; one that runs, is paused or has finished stays as it is."""
    return _move(feed_id, {State.WAITING}, State.RUNNING, "feed.wake", actor, lenient=True)


def feed_pause(*, feed_id: int, actor: Any = None) -> Feed:
    """A running replay stands still until it is resumed."""
    return _move(feed_id, {State.RUNNING}, State.PAUSED, "feed.pause", actor)


def feed_resume(*, feed_id: int, actor: Any = None) -> Feed:
    """A paused replay goes on."""
    return _move(feed_id, {State.PAUSED}, State.RUNNING, "feed.resume", actor)


@transaction.atomic
def feed_finish(*, feed_id: int, actor: Any = None) -> Feed:
    """End a replay that has reached its last bar. If it was current, a new one waits at the same start in its place."""
    feed = feed_get(feed_id)
    if feed.kind != Feed.Kind.REPLAY or feed.event_number < feed_last_event(feed):
        raise Conflict("FEED_NOT_AT_END", f"{feed.name} has not reached its last bar.", feed=feed_id)
    if feed.state == State.FINISHED:
        return feed
    was_current = feed.is_current
    feed = _move(feed_id, {State.RUNNING, State.PAUSED}, State.FINISHED, "feed.finish", actor)
    if was_current:
        feed_create(
            name=_next_name(feed.name),
            start_on=feed.start_on,
            speed=feed.speed,
            calendar=feed.calendar,
            dataset_version=feed.dataset_version,
            note=feed.note,
            actor=actor,
        )
        feed.refresh_from_db()
    return feed


@transaction.atomic
def feed_speed_set(*, feed_id: int, speed: int, actor: Any = None) -> Feed:
    """Set the ceiling of a replay's speed, in sessions a second."""
    _speed_check(speed)
    before = feed_get(feed_id)
    if before.kind != Feed.Kind.REPLAY:
        raise Unprocessable("FEED_LIVE", "A live feed runs at the market's own speed.")
    Feed.objects.filter(pk=feed_id).update(speed=speed, speed_reached=None)
    feed = feed_get(feed_id)
    _tell(feed, "feed.speed", before={"speed": before.speed}, after={"speed": speed}, actor=actor)
    return feed


@transaction.atomic
def _move(feed_id: int, sources: set[State], target: State, action: str, actor: Any, *, lenient: bool = False) -> Feed:
    before = feed_get(feed_id)
    if before.kind != Feed.Kind.REPLAY and not lenient:
        raise Unprocessable("FEED_LIVE", "A live feed follows the market; it cannot be paused or moved.")
    moved = Feed.objects.filter(pk=feed_id, state__in=sources).update(state=target)
    feed = feed_get(feed_id)
    if moved:
        _tell(feed, action, before={"state": before.state}, after={"state": feed.state}, actor=actor)
    elif not lenient and feed.state != target:
        message = f"{feed.name} is {feed.state}; it cannot become {target.value}."
        raise Conflict("FEED_STATE", message, feed=feed_id, state=feed.state)
    return feed


def _tell(feed: Feed, action: str, *, actor: Any, before: Any = None, after: Any = None) -> None:
    audit_append(
        stream="site",
        action=action,
        actor=actor,
        target=f"feed:{feed.pk}",
        before=before,
        after=after or feed_payload(feed),
        market_time=feed.market_time,
    )
    _publish(feed)


def _publish(feed: Feed) -> None:
    event_publish(stream=f"feed:{feed.pk}", kind="feed", payload=feed_payload(feed), market_time=feed.market_time)


def _speed_check(speed: int) -> None:
    if speed not in SPEEDS:
        words = ", ".join(f"{known}" for known in SPEEDS)
        raise InvalidInput("SPEED_UNKNOWN", f"A replay runs at {words} sessions a second.", speed=speed)


def _next_name(name: str) -> str:
    """`Replay` is followed by `Replay 2`, that by `Replay 3`."""
    stem, _, tail = name.rpartition(" ")
    if stem and tail.isdigit():
        return f"{stem} {int(tail) + 1}"[:60]
    return f"{name[:57]} 2"
