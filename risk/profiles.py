"""The capital profiles a site starts with. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

# PAPER bounds nothing that play money could reach; cash accounts are held to leverage 1 whatever a profile says.
PROFILES: tuple[dict[str, Any], ...] = (
    {
        "code": "MICRO",
        "name": "Micro",
        "description": "First steps with real money.",
        "rank": 1,
        "max_position_usd": Decimal(100),
        "max_leverage": Decimal(2),
    },
    {
        "code": "SMALL",
        "name": "Small",
        "description": "After a record of small trades.",
        "rank": 2,
        "max_position_usd": Decimal(500),
        "max_leverage": Decimal(5),
    },
    {
        "code": "MEDIUM",
        "name": "Medium",
        "description": "After a record at small size.",
        "rank": 3,
        "max_position_usd": Decimal(2000),
        "max_leverage": Decimal(10),
    },
    {
        "code": "LARGE",
        "name": "Large",
        "description": "After a record at medium size.",
        "rank": 4,
        "max_position_usd": Decimal(10_000),
        "max_leverage": Decimal(20),
    },
    {
        "code": "PAPER",
        "name": "Paper",
        "description": "Unrestricted, for paper accounts.",
        "rank": 0,
        "max_position_usd": Decimal(1_000_000_000),
        "max_leverage": Decimal(100),
    },
)
