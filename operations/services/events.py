"""Publishing numbered events and notifying people."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from operations.canonical import instant_text, jsonable
from operations.errors import InvalidInput
from operations.events import group_name, stream_check, stream_message
from operations.models import Event, EventStream, Notification
from operations.services.push import push


@transaction.atomic(savepoint=False)
def event_publish(*, stream: str, kind: str, payload: dict[str, Any], market_time: datetime | None = None) -> Event:
    """Number and store an event in the caller's transaction; push it to the stream's group on commit.

    Locks the stream's counter until that transaction ends, so numbers are committed in order and
    without gaps. A push that fails is logged: the next heartbeat tells browsers what they missed.
    """
    event = Event.objects.create(
        stream=stream_check(stream),
        number=_next_number(stream),
        kind=kind,
        payload=jsonable(payload),
        market_time=market_time,
    )
    message = stream_message(
        stream=stream, number=event.number, kind=kind, payload=event.payload, market_time=market_time
    )
    transaction.on_commit(partial(push, group_name(stream), message), robust=True)
    return event


@transaction.atomic
def notification_send(
    *, user: Any, level: str, title: str, body: str, stream: str = "", link: str = ""
) -> Notification:
    """Tell one person something; with `stream`, its watchers see it at once. Locks that stream's counter."""
    if level not in Notification.Level.values:
        raise InvalidInput("LEVEL_UNKNOWN", "A notification is info, warning or critical.", level=level)
    notification = Notification.objects.create(
        user=user, level=level, title=title[:150], body=body, stream=stream, link=link
    )
    if stream:
        row = {
            "key": str(notification.pk),
            "level": level,
            "title": notification.title,
            "body": body,
            "link": link,
            "at": instant_text(notification.created_at),
        }
        event_publish(stream=stream, kind="notification", payload={"put": {"notifications": [row]}})
    return notification


def notifications_read(*, user: Any, ids: Iterable[int] | None = None) -> int:
    """Mark a person's notifications (all, or those named) as read; returns how many were unread."""
    unread = Notification.objects.filter(user=user, read_at=None)
    if ids is not None:
        unread = unread.filter(pk__in=list(ids))
    return unread.update(read_at=timezone.now())


def _next_number(stream: str) -> int:
    counter = EventStream.objects.filter(stream=stream)
    if not counter.update(last_number=F("last_number") + 1):
        EventStream.objects.get_or_create(stream=stream)
        counter.update(last_number=F("last_number") + 1)
    return counter.values_list("last_number", flat=True).get()
