"""What every venue adapter speaks: tickets in, acknowledgements and executions out, three kinds of failure.

``Rejected`` is the venue's proven refusal; ``Temporary`` means nothing was placed and trying again is safe;
``OutcomeUnknown`` means that we do not know, and only the venue or a person may end that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


class BrokerError(Exception):
    """A venue's answer that is not an acknowledgement."""


class Rejected(BrokerError):
    """The venue refused, and said so."""


class Temporary(BrokerError):
    """Nothing reached the venue; the same ticket may be sent again."""


class OutcomeUnknown(BrokerError):
    """The ticket may or may not have been placed."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the broker gets; ``order_id`` is our id on the wire and the venue's key against doubles."""

    order_id: str
    account: str
    symbol: str
    quantity: Decimal
    order_type: str
    time_in_force: str
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reduce_only: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The venue has the order under ``venue_order_id``."""

    venue_order_id: str


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a venue can do, declared; the contract tests skip only what is not declared."""

    dedupes_on_order_id: bool
    native_brackets: bool
    amends_in_place: bool


class Broker(Protocol):
    """A venue."""

    name: str
    capabilities: Capabilities

    def submit(self, ticket: Ticket, *, timeout_s: float) -> Acknowledgement:
        """Place the order once; raises ``Rejected``, ``Temporary`` or ``OutcomeUnknown``."""
        ...

    def cancel(self, order_id: str, *, timeout_s: float) -> None:
        """Ask for a cancel; returns when the venue has confirmed it."""
        ...

    def open_orders(self, account: str) -> Sequence[str]:
        """Return the ids of the account's working orders."""
        ...
