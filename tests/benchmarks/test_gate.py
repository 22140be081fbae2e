"""The gate alone: every rule over a plain order, no database."""

from __future__ import annotations

import time
from decimal import Decimal
from statistics import median

import pytest

from risk.gate import judge
from tests.risk.build import facts

pytestmark = pytest.mark.bench
ROUNDS, CALLS = 15, 500


@pytest.mark.parametrize("number", [Decimal, float])
def test_gate(number, told):
    given = facts(number)
    assert judge(given).allowed
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(CALLS):
            judge(given)
        times.append((time.perf_counter() - started) / CALLS * 1e6)
    told(
        f"risk gate, {len(judge(given).rules)} rules, pure, {number.__name__}",
        f"median {median(times):.1f} us  best {min(times):.1f} us  worst {max(times):.1f} us", "<= 100 us",
    )  # fmt: skip
