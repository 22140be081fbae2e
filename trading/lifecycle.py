"""The life of an order: its states and the one table of allowed moves. Pure.

*Denied* is our word before sending, *rejected* the venue's; *unknown* ends only by the venue or a named human.
"""

from enum import StrEnum


class OrderState(StrEnum):
    """Where an order stands."""

    NEW = "NEW"
    DENIED = "DENIED"
    HELD = "HELD"
    APPROVED = "APPROVED"
    VOIDED = "VOIDED"
    SKIPPED = "SKIPPED"
    SUBMITTING = "SUBMITTING"
    WORKING = "WORKING"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCEL_PENDING = "CANCEL_PENDING"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"
    ABANDONED = "ABANDONED"


_S = OrderState
_VENUE_ENDS = frozenset({_S.FILLED, _S.CANCELLED, _S.EXPIRED})
_AT_VENUE = frozenset({_S.PARTIALLY_FILLED, _S.CANCEL_PENDING, _S.REJECTED, _S.UNKNOWN}) | _VENUE_ENDS

MOVES: dict[OrderState, frozenset[OrderState]] = {
    _S.NEW: frozenset({_S.APPROVED, _S.DENIED, _S.HELD}),
    _S.HELD: frozenset({_S.APPROVED, _S.VOIDED}),
    _S.APPROVED: frozenset({_S.SUBMITTING, _S.SKIPPED, _S.VOIDED}),
    _S.SUBMITTING: frozenset({_S.WORKING, _S.PARTIALLY_FILLED, _S.REJECTED, _S.UNKNOWN}) | _VENUE_ENDS,
    _S.WORKING: _AT_VENUE,
    _S.PARTIALLY_FILLED: _AT_VENUE,
    _S.CANCEL_PENDING: frozenset({_S.WORKING, _S.PARTIALLY_FILLED, _S.UNKNOWN}) | _VENUE_ENDS,
    _S.UNKNOWN: frozenset({_S.WORKING, _S.PARTIALLY_FILLED, _S.REJECTED, _S.ABANDONED}) | _VENUE_ENDS,
    _S.DENIED: frozenset(),
    _S.VOIDED: frozenset(),
    _S.SKIPPED: frozenset(),
    _S.FILLED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.ABANDONED: frozenset(),
}

TERMINAL = frozenset(state for state, targets in MOVES.items() if not targets)
IN_BOOK = frozenset({_S.WORKING, _S.PARTIALLY_FILLED})
OPEN_STATES = frozenset(OrderState) - TERMINAL


class IllegalMove(ValueError):  # noqa: N818 - it names what was tried
    """A move the table does not allow."""

    def __init__(self, current: OrderState, target: OrderState) -> None:
        super().__init__(f"An order that is {current} cannot become {target}.")
        self.current = current
        self.target = target


def move_allowed(current: OrderState, target: OrderState) -> bool:
    """Whether the table has this move."""
    return target in MOVES[current]


def move_check(current: OrderState, target: OrderState) -> None:
    """Raise IllegalMove unless the table has this move."""
    if not move_allowed(current, target):
        raise IllegalMove(current, target)
