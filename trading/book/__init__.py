"""The paper book: the orders of one account and instrument against the two events of a bar. Pure."""

from trading.book.event import event_play
from trading.book.facts import (
    REASON_OCO,
    REASON_PAIR_DONE,
    REASON_PARENT_ENDED,
    REASON_REDUCE_ONLY,
    Action,
    Amend,
    BarLike,
    BookOrder,
    Cancel,
    Expire,
    Fill,
    Release,
    Trigger,
    Void,
)

__all__ = [
    "REASON_OCO",
    "REASON_PAIR_DONE",
    "REASON_PARENT_ENDED",
    "REASON_REDUCE_ONLY",
    "Action",
    "Amend",
    "BarLike",
    "BookOrder",
    "Cancel",
    "Expire",
    "Fill",
    "Release",
    "Trigger",
    "Void",
    "event_play",
]
