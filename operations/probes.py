"""What a health probe is. Pure.

A room registers a probe by its dotted path in the HEALTH_PROBES setting: a callable without
arguments that measures one thing and returns a `Reading`. A probe that raises has failed.
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


class Status(enum.StrEnum):
    """How the measured thing is; the later member is the worse."""

    OK = "ok"
    WARNING = "warning"
    FAILING = "failing"


@dataclass(frozen=True)
class Reading:
    """One measurement: the thing's name, how it is, and the words that say why."""

    name: str
    status: Status
    detail: str = ""


class Probe(Protocol):
    """Measures one thing; changes nothing."""

    def __call__(self) -> Reading: ...


def worst(statuses: Iterable[str]) -> Status:
    """The worst of the statuses; an empty list is OK."""
    order = list(Status)
    return max((Status(status) for status in statuses), key=order.index, default=Status.OK)
