"""Intents: what targets and signals ask for, and what the account lets through. Pure."""

from trading.intents.decisions import DecisionOutcome, decide
from trading.intents.targets import TargetStep, targets_step
from trading.intents.wishes import (
    Asker,
    Intent,
    entry_intent,
    exit_intent,
    intent_from_signal,
    intents_from_changes,
    order_intents,
    quantity_affordable,
    size_quantity,
)

__all__ = [
    "Asker",
    "DecisionOutcome",
    "Intent",
    "TargetStep",
    "decide",
    "entry_intent",
    "exit_intent",
    "intent_from_signal",
    "intents_from_changes",
    "order_intents",
    "quantity_affordable",
    "size_quantity",
    "targets_step",
]
