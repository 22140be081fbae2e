"""The audit chain: what a record says, its code, and how a broken chain shows. Pure.

Every stream is numbered from 1 without gaps. A record's code is HMAC-SHA256 over its canonical
content and the code of the record before it; the head states the last number and code under a code
of its own, so that a cut tail shows as well. An old head put back together with an old tail is not
visible from inside: that is what anchoring the head outside is for.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from operations.canonical import canonical

GENESIS = "0" * 64


@dataclass(frozen=True)
class Record:
    """One stored record: its place, its content as jsonable values, and the codes stored with it."""

    stream: str
    number: int
    content: Mapping[str, Any]
    previous: str
    code: str


@dataclass(frozen=True)
class Head:
    """What the head row of a stream says."""

    stream: str
    number: int
    last: str
    code: str


@dataclass(frozen=True)
class AuditBreak:
    """One place where a stream does not hold: what was found, and the number it was found at."""

    stream: str
    number: int
    reason: str

    def __str__(self) -> str:
        return f"{self.stream} #{self.number}: {self.reason}"


def record_code(key: bytes, *, stream: str, number: int, content: Mapping[str, Any], previous: str) -> str:
    """The code of a record, over everything it says and the code before it."""
    return _code(key, ["record", stream, number, previous, dict(content)])


def head_code(key: bytes, *, stream: str, number: int, last: str) -> str:
    """The code of a head, over the last number and the last record's code."""
    return _code(key, ["head", stream, number, last])


def chain_breaks(key: bytes, stream: str, records: Iterable[Record], head: Head | None) -> Iterator[AuditBreak]:
    """Every break of one stream; `records` come by ascending number.

    A changed record fails its own code; a deleted one leaves a gap; an inserted or moved one does
    not carry the code of the record before it; a cut tail disagrees with the head.
    """
    number, last = 0, GENESIS
    for record in records:
        yield from _record_breaks(key, record, number, last)
        number, last = record.number, record.code
    yield from _head_breaks(key, stream, head, number, last)


def _record_breaks(key: bytes, record: Record, number: int, last: str) -> Iterator[AuditBreak]:
    if record.number != number + 1:
        yield AuditBreak(record.stream, record.number, f"number {number + 1} is missing before this record")
    elif record.previous != last:
        yield AuditBreak(record.stream, record.number, "does not follow the record before it")
    expected = record_code(
        key, stream=record.stream, number=record.number, content=record.content, previous=record.previous
    )
    if not hmac.compare_digest(expected, record.code):
        yield AuditBreak(record.stream, record.number, "was changed after it was written")


def _head_breaks(key: bytes, stream: str, head: Head | None, number: int, last: str) -> Iterator[AuditBreak]:
    if head is None:
        yield AuditBreak(stream, number, "the head of the stream is missing")
        return
    if not hmac.compare_digest(head_code(key, stream=stream, number=head.number, last=head.last), head.code):
        yield AuditBreak(stream, head.number, "the head of the stream was changed")
    elif head.number > number:
        yield AuditBreak(stream, number + 1, f"the records up to number {head.number} are missing")
    elif head.number < number:
        yield AuditBreak(stream, head.number + 1, "records were added behind the head")
    elif head.last != last:
        yield AuditBreak(stream, number, "the last record is not the one the head names")


def _code(key: bytes, content: list[Any]) -> str:
    return hmac.new(key, canonical(content).encode("ascii"), hashlib.sha256).hexdigest()
