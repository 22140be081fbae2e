"""What one transaction changed on an account, gathered and published once as one numbered event."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from marketdata.models import Feed
from operations.services import event_publish
from portfolio.models import Account
from trading.models import Decision, Deployment, Fill, Order
from trading.selectors.pictures import Reading
from trading.selectors.snapshot import changed_sections


@dataclass(slots=True)
class Changes:
    """Rows touched, by id, and whole sections to show again."""

    orders: dict[Any, Order] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    deployments: dict[int, Deployment] = field(default_factory=dict)
    sections: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.orders or self.fills or self.decisions or self.deployments or self.sections)


def changes_publish(
    *,
    account: Account,
    changes: Changes,
    kind: str,
    market_time: datetime | None,
    feed: Feed | None = None,
    reading: Reading | None = None,
) -> None:
    """Publish the account's changed rows and the figures that follow from them. Called last in the transaction.

    ``reading`` spares reading the account again where its picture has followed every change.
    """
    if not changes:
        return
    payload = changed_sections(account=account, changes=changes, feed=feed, reading=reading)
    event_publish(stream=account.stream, kind=kind, payload=payload, market_time=market_time)
