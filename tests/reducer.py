"""What a dashboard does with events, in Python: upsert rows by key, newest first, merge sections, append equity."""

from __future__ import annotations

import copy
from typing import Any

NEWEST_FIRST = {"orders": 50, "fills": 50, "decisions": 50, "notifications": 20}


def event_apply(state: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """Return the state after one event."""
    state = copy.deepcopy(state)
    for section, value in event["put"].items():
        if section == "equity":
            known = {point[0] for point in state["equity"]}
            state["equity"] += [point for point in value if point[0] not in known]
        elif isinstance(value, list):
            rows = {row["key"]: row for row in state[section]} | {row["key"]: row for row in value}
            state[section] = _ordered(section, list(rows.values()))
        elif isinstance(value, dict):
            state[section] = {**(state[section] or {}), **value}
    for section, keys in event["drop"].items():
        state[section] = [row for row in state[section] if row["key"] not in keys]
    return state


def _ordered(section: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if section == "orders":
        rows.sort(key=lambda row: -row["sequence"])
    elif section in NEWEST_FIRST:
        rows.sort(key=lambda row: -int(row["key"]))
    elif section == "positions":
        rows.sort(key=lambda row: row["key"])
    return rows[: NEWEST_FIRST.get(section, len(rows))]
