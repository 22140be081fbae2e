"""The words of an order: sides, types, times in force, roles and verdicts. Pure.

Text of people and programs becomes a term in `term_parse`, nowhere else; inside, quantities are signed.
"""

from enum import StrEnum
from typing import TypeVar


class Side(StrEnum):
    """Only at the edges: inside, `quantity > 0` buys."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """How an order asks for its price."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"
    STOP_LIMIT = "STOP_LIMIT"


class TimeInForce(StrEnum):
    """How long an order works."""

    DAY = "DAY"
    GTC = "GTC"
    OPG = "OPG"
    IOC = "IOC"
    FOK = "FOK"


class OrderRole(StrEnum):
    """What an order is for: a strategy's entry or exit, a bracket's stop or target, or a person's wish."""

    ENTRY = "entry"
    EXIT = "exit"
    STOP = "stop"
    TARGET = "target"
    MANUAL = "manual"


class OnLimit(StrEnum):
    """What becomes of an order that is larger than what would pass."""

    CUT = "cut"
    DENY = "deny"


class Direction(StrEnum):
    """Whether a strategy's negative targets count."""

    LONG = "long"
    BOTH = "both"


class TargetKind(StrEnum):
    """What a target row means: a level of -1, 0, +1, or a signed fraction of the capital."""

    SIGNAL = "signal"
    WEIGHTS = "weights"


class Verdict(StrEnum):
    """How an intent ended."""

    ALLOW = "ALLOW"
    CUT = "CUT"
    DENY = "DENY"
    TOO_SMALL = "TOO_SMALL"
    STOPPED = "STOPPED"
    SKIPPED = "SKIPPED"


class Phase(StrEnum):
    """The two events of a bar."""

    OPEN = "OPEN"
    CLOSE = "CLOSE"


ALIASES = {"STOP_LOSS": "STOP"}

Term = TypeVar("Term", bound=StrEnum)


def term_parse(kind: type[Term], text: str) -> Term:
    """The term that `text` names, in either case, STOP_LOSS being STOP; ValueError with a sentence otherwise."""
    wanted = str(text).strip().upper()
    wanted = ALIASES.get(wanted, wanted)
    for term in kind:
        if term.value.upper() == wanted:
            return term
    words = ", ".join(term.value for term in kind)
    raise ValueError(f"{str(text)[:40]!r} is none of {words}.")


def side_of(quantity: object) -> Side:
    """The side of a signed quantity."""
    return Side.BUY if quantity > 0 else Side.SELL  # type: ignore[operator]  # Decimal, float or int


def side_sign(side: Side) -> int:
    """+1 buys, -1 sells."""
    return 1 if side == Side.BUY else -1
