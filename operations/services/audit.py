"""Appending to the audit chain and verifying it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from operations.audit import GENESIS, AuditBreak, Head, Record, chain_breaks, head_code, record_code
from operations.canonical import jsonable
from operations.events import SITE, stream_check
from operations.models import AuditEvent, AuditStream

STREAM_OPENED = "audit.stream_opened"


@transaction.atomic(savepoint=False)
def audit_append(
    *,
    stream: str,
    action: str,
    actor: Any = None,
    target: str = "",
    before: Any = None,
    after: Any = None,
    market_time: datetime | None = None,
) -> AuditEvent:
    """Append one record to a stream's chain, in the caller's transaction.

    Locks the head of the stream until that transaction ends: appends to a stream are in sequence.
    A new stream is itself recorded on the site stream, so that it cannot vanish whole.
    """
    head = _head_lock(stream_check(stream))
    event = AuditEvent(
        stream=stream,
        number=head.last_number + 1,
        action=action,
        actor=actor,
        actor_name=actor.get_username() if actor is not None else "",
        target=target,
        before=jsonable(before, floats_as_text=True),
        after=jsonable(after, floats_as_text=True),
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64],
        market_time=market_time,
        recorded_at=timezone.now(),
        previous=head.last_code,
    )
    event.code = record_code(
        _key(), stream=stream, number=event.number, content=_content(event), previous=event.previous
    )
    event.save(force_insert=True)
    head.last_number, head.last_code = event.number, event.code
    head.code = head_code(_key(), stream=stream, number=head.last_number, last=head.last_code)
    head.save(update_fields=["last_number", "last_code", "code"])
    if event.number == 1 and stream != SITE:
        audit_append(stream=SITE, action=STREAM_OPENED, actor=actor, target=stream, market_time=market_time)
    return event


def audit_verify(*, stream: str | None = None) -> list[AuditBreak]:
    """Every break in one stream, or in all of them; an empty list means that the record holds."""
    return [found for name in _streams(stream) for found in _verify(name)]


def _verify(stream: str) -> list[AuditBreak]:
    # An append between reading records and head looks like a break; a true break is still there after it.
    for _ in range(3):
        before = _head(stream)
        found = list(chain_breaks(_key(), stream, _records(stream), before))
        if not found or _head(stream) == before:
            break
    return found


def _streams(stream: str | None) -> list[str]:
    if stream is not None:
        return [stream]
    opened = AuditEvent.objects.filter(stream=SITE, action=STREAM_OPENED).values_list("target", flat=True)
    heads = AuditStream.objects.values_list("stream", flat=True)
    recorded = AuditEvent.objects.order_by().values_list("stream", flat=True).distinct()
    return sorted({*opened, *heads, *recorded})


def _records(stream: str) -> Iterator[Record]:
    rows = AuditEvent.objects.filter(stream=stream).order_by("number").iterator(chunk_size=2000)
    for row in rows:
        yield Record(row.stream, row.number, _content(row), row.previous, row.code)


def _content(event: AuditEvent) -> dict[str, Any]:
    return jsonable(
        {
            "action": event.action,
            "actor": event.actor_id,
            "actor_name": event.actor_name,
            "target": event.target,
            "before": event.before,
            "after": event.after,
            "request_id": event.request_id,
            "market_time": event.market_time,
            "recorded_at": event.recorded_at,
        },
        floats_as_text=True,
    )


def _head(stream: str) -> Head | None:
    row = AuditStream.objects.filter(stream=stream).first()
    return Head(row.stream, row.last_number, row.last_code, row.code) if row else None


def _head_lock(stream: str) -> AuditStream:
    locked = AuditStream.objects.select_for_update()
    head = locked.filter(stream=stream).first()
    if head is None:
        AuditStream.objects.get_or_create(
            stream=stream,
            defaults={"last_code": GENESIS, "code": head_code(_key(), stream=stream, number=0, last=GENESIS)},
        )
        head = locked.get(stream=stream)
    return head


def _key() -> bytes:
    key = settings.AUDIT_KEY
    return key.encode() if isinstance(key, str) else bytes(key)
