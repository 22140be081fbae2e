"""The gate: every rule about one intent, in one function. Pure.

Hard block only. Rules about the order itself judge all of it; rules of risk judge only the part that opens, so an exit
is never denied by risk, and a flip is a reduction followed by an opening. What is unknown, unset or not finite denies,
and so does an exception: no path allows by default.
"""

from __future__ import annotations

from typing import Any

from marketdata.rounding import quantity_floor, snap
from risk import limits as rule
from risk.facts import GateInput, GateResult, RuleResult
from risk.rules import (
    DENY,
    FLAG_RULES,
    Split,
    facts_fault,
    flag_rules,
    found,
    input_fault,
    order_rules,
    split_quantity,
    verdict,
)
from risk.sizing import SIZE_RULES, Sizing, size_rules, sizing


def judge(facts: GateInput) -> GateResult:
    """Judge one intent by every rule.

    Returns the verdict with all rules and the largest |quantity| that would have passed: on the step, at least the
    instrument's minimum, else 0. Whatever goes wrong inside is itself a denial (``GATE_ERROR``).
    """
    try:
        fault = input_fault(facts)
        return _refused(facts, found("INPUT", fault, True)) if fault else _judge(facts)
    except Exception as error:  # noqa: BLE001 - the gate denies whatever it cannot judge
        return _refused(facts, found("GATE_ERROR", _named(error), True))


def _judge(facts: GateInput) -> GateResult:
    split = split_quantity(facts)
    rules, all_blocked, opening_blocked = order_rules(facts, split)
    opening_rules, terms, blocked = _judge_opening(facts, split)
    rules += opening_rules
    allowed = not any(result.verdict is DENY for result in rules)
    room, tightest = (0 * split.opening, "") if terms is None else terms.tightest()
    return GateResult(
        allowed=allowed,
        rules=tuple(rules),
        binding_rule=_binding(rules, allowed, tightest if split.opening > 0 else ""),
        largest_quantity=_largest(facts, split, None if opening_blocked or blocked else terms, room, all_blocked),
        reducing=split.reducing,
        opening=split.opening,
        reserve=0 * split.opening if terms is None else snap(terms.power.reserve(split.opening)),
        quantity=facts.intent.quantity,
        symbol=facts.instrument.symbol,
    )


def _judge_opening(facts: GateInput, split: Split) -> tuple[list[RuleResult], Sizing | None, bool]:
    """The rules of risk, their sizing terms, and whether they object to an opening of any size.

    They also run on a pure exit, whose largest size may reach into an opening; there, nothing they find denies.
    """
    applies = split.opening > 0
    try:
        fault = facts_fault(facts)
        if fault:
            return [found("FACTS", fault, True, applies), *_unmeasured(applies)], None, True
        flags, blocked = flag_rules(facts, applies)
        terms = sizing(facts, split)
        return [found("FACTS", "", False, applies), *flags, *size_rules(facts, terms)], terms, blocked
    except Exception as error:  # noqa: BLE001 - an opening that cannot be judged is denied
        return [found("GATE_ERROR", _named(error), True, applies), *_unmeasured(applies)], None, True


def _unmeasured(applies: bool) -> list[RuleResult]:
    outcome = verdict(True, applies)
    return [RuleResult(code, outcome, None, None, None, None, "unmeasured") for code in FLAG_RULES + SIZE_RULES]


def _largest(facts: GateInput, split: Split, terms: Sizing | None, room: Any, all_blocked: bool) -> Any:
    """The largest passing magnitude; without `terms` only the reducing part is open."""
    nothing = 0 * split.reducible
    if all_blocked:
        return nothing
    step = facts.instrument.step
    largest = quantity_floor(split.reducible, step) if terms is None else terms.largest(step, room)
    least: Any = facts.instrument.minimum_quantity
    if rule.within(least, largest, facts.tolerance.relative) or largest == split.reducible:
        return largest
    return nothing


def _binding(rules: list[RuleResult], allowed: bool, tightest: str) -> str:
    """The rule to name: of a denial the first that no smaller size would satisfy, else the tightest of the sizes."""
    if allowed:
        return tightest
    denying = [result.code for result in rules if result.verdict is DENY]
    return next((code for code in denying if code not in SIZE_RULES), tightest)


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]


def _refused(facts: GateInput, result: RuleResult) -> GateResult:
    """The denial of an order that cannot be read: no size of it would pass."""
    return GateResult(
        allowed=False,
        rules=(result,),
        binding_rule=result.code,
        largest_quantity=0,
        reducing=0,
        opening=0,
        reserve=0,
        quantity=facts.intent.quantity,
        symbol=facts.instrument.symbol,
    )
