"""`decide`: the one way from an intent to allowed, cut, denied or too small, with the sentence people read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any

from risk.facts import GateInput, GateResult
from risk.gate import judge
from risk.wording import plain
from trading.intents.targets import sign_of
from trading.intents.wishes import Intent
from trading.picture import AccountPicture
from trading.terms import OnLimit, TargetKind, Verdict

Number = Any  # Decimal or float; one type in one call

# Rules that a smaller order would have satisfied: under `cut` they leave an order that is too small, not a refusal.
SIZING = frozenset(
    {
        "ORDER_NOTIONAL",
        "POSITION_USD",
        "POSITION_PCT",
        "USER_SYMBOL",
        "LEVERAGE",
        "INITIAL_MARGIN",
        "BUYING_POWER",
        "MINIMUM_QUANTITY",
    }
)


@dataclass(frozen=True, slots=True)
class DecisionOutcome:
    """How an intent ended.

    `quantity` is what may be sent, signed, 0 when nothing. `wanted` is what was asked. `gate_result` judged what was
    asked and explains the verdict; `order_result` judged what is sent (None when nothing is) and holds its reserve and
    its split. `cancels_first` are the protective orders of the sleeve that must be cancelled before it is sent.
    `ask_again` says that a weights target was cut and stays asked for.
    """

    verdict: Verdict
    wanted: Number
    quantity: Number
    gate_result: GateResult
    order_result: GateResult | None
    text: str
    cancels_first: tuple[Hashable, ...] = field(default=())
    ask_again: bool = False

    @property
    def rule(self) -> str:
        """The code of the binding rule."""
        return self.gate_result.binding_rule


Judge = Callable[[GateInput], GateResult]


def decide(picture: AccountPicture, intent: Intent, on_limit: OnLimit, *, judged_by: Judge = judge) -> DecisionOutcome:
    """Judge an intent against the account and say what may be sent, why, and in words.

    The picture is not changed: the caller adds the order it makes of an allowed outcome.
    """
    cancelled = picture.protective_keys(intent.symbol, intent.sleeve) if intent.exits else ()
    minimum, sign = _minimum(picture, intent), _side(intent)

    def judged(quantity: Number) -> GateResult:
        facts = replace(intent.facts, quantity=quantity)
        return judged_by(picture.gate_input(intent.symbol, intent.sleeve, facts, excluding=cancelled))

    asked = intent.quantity if intent.quantity != 0 else sign * minimum
    result = judged(asked)
    passing = _passing_quantity(picture, intent, result, on_limit)
    passed = result if passing == abs(asked) else judged(sign * passing) if passing > 0 else None
    if intent.quantity == 0 or passed is None or not passed.allowed:
        return _refused(picture, intent, result, on_limit)
    verdict = Verdict.ALLOW if passed is result else Verdict.CUT
    return DecisionOutcome(
        verdict=verdict,
        wanted=intent.quantity,
        quantity=sign * passing,
        gate_result=result,
        order_result=passed,
        text=_sent_text(intent, result, verdict, passing),
        cancels_first=cancelled if intent.closes_sleeve else (),
        ask_again=verdict == Verdict.CUT and intent.kind == TargetKind.WEIGHTS,
    )


def _passing_quantity(picture: AccountPicture, intent: Intent, result: GateResult, on_limit: OnLimit) -> Number:
    """|quantity| to send: all of it, what the gate would pass, or nothing.

    A sell beyond the position of a cash account is cut to it whatever `on_limit` says: the rest could only be a short.
    """
    asked: Number = abs(result.quantity)
    if result.allowed:
        return asked
    cut = on_limit == OnLimit.CUT
    if picture.kind == "cash" and result.quantity < 0 and result.reducing > 0:
        cut = True
    return min(result.largest_quantity, asked) if cut else asked * 0


def _refused(picture: AccountPicture, intent: Intent, result: GateResult, on_limit: OnLimit) -> DecisionOutcome:
    """Nothing is sent: stopped, too small, or denied; a repeated rest that has no room asks in silence."""
    smaller = result.largest_quantity if intent.quantity != 0 else result.largest_quantity * 0
    small = intent.quantity == 0 or result.binding_rule == "MINIMUM_QUANTITY"
    if result.binding_rule == "STOP_STATE":
        verdict = Verdict.STOPPED
    elif small or (on_limit == OnLimit.CUT and result.binding_rule in SIZING):
        verdict = Verdict.TOO_SMALL
    else:
        verdict = Verdict.DENY
    weights = intent.kind == TargetKind.WEIGHTS and not intent.exits
    if intent.again and verdict == Verdict.TOO_SMALL:
        verdict = Verdict.SKIPPED
    return DecisionOutcome(
        verdict=verdict,
        wanted=intent.quantity,
        quantity=picture.zero,
        gate_result=result,
        order_result=None,
        text=_refused_text(picture, intent, result, verdict, smaller),
        ask_again=weights and on_limit == OnLimit.CUT and intent.quantity != 0 and result.binding_rule in SIZING,
    )


def _side(intent: Intent) -> int:
    return sign_of(intent.quantity) or sign_of(intent.target) or 1


def _minimum(picture: AccountPicture, intent: Intent) -> Number:
    instrument = picture.instruments.get(intent.symbol)
    return picture.zero + (1 if instrument is None else instrument.minimum_quantity)


def _wish(intent: Intent, size: str | None) -> str:
    verb = "buy" if _side(intent) > 0 else "sell"
    return f"{intent.name or 'The account'} wanted to {verb} {size} {intent.symbol}"


def _reason(result: GateResult) -> str:
    binding = result.binding
    return binding.text if binding is not None else "no rule allows it"


def _sent_text(intent: Intent, result: GateResult, verdict: Verdict, passing: Number) -> str:
    """The sentence of an order that goes out, whole or cut."""
    if verdict == Verdict.ALLOW:
        verb = "buys" if _side(intent) > 0 else "sells"
        return f"{intent.name or 'The account'} {verb} {plain(passing)} {intent.symbol}."
    return f"{_wish(intent, plain(abs(intent.quantity)))}; {_reason(result)}; {plain(passing)} passed."


def _refused_text(
    picture: AccountPicture, intent: Intent, result: GateResult, verdict: Verdict, smaller: Number
) -> str:
    """The sentence of an order that does not go out: what was asked, why not, what would have passed."""
    if verdict == Verdict.TOO_SMALL and intent.quantity == 0:
        least = plain(_minimum(picture, intent))
        return f"{_wish(intent, 'some')}; its size comes to less than the smallest order of {least}."
    size = plain(abs(intent.quantity)) if intent.quantity != 0 else "some"
    if verdict == Verdict.STOPPED:
        return f"{_wish(intent, size)}; {_reason(result)}."
    if smaller > 0:
        return f"{_wish(intent, size)}; {_reason(result)}; {plain(smaller)} would have passed."
    return f"{_wish(intent, size)}; {_reason(result)}; no size would have passed."
