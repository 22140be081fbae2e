"""Measures: value against limit and the part in use."""

from dataclasses import replace
from decimal import Decimal

import pytest

from risk.measures import measures
from tests.risk.build import PARTS, D, as_float

ACCOUNT = replace(
    PARTS["account"],
    kind="cash",
    equity=D(98_000),
    gross_notional=D(40_000),
    opening_notional=D(9_000),
    reserved=D(9_270),
    positions=3,
)
LIMITS = replace(PARTS["limits"], max_positions=20, max_position_pct=D("0.5"), max_daily_loss_pct=D("0.05"))


def by_code(account, limits, largest):
    return {m.code: m for m in measures(account, limits, largest_notional=largest, largest_symbol="GOOG")}


@pytest.mark.parametrize("convert", [lambda x: x, as_float])
def test_measures(convert):
    found = by_code(convert(ACCOUNT), convert(LIMITS), convert(D(24_500)))
    assert found["DAILY_LOSS"].value == pytest.approx(convert(D("-0.02")))
    assert found["DAILY_LOSS"].used == pytest.approx(convert(D("0.4")))
    assert found["LEVERAGE"].value == pytest.approx(convert(D("0.5")))
    assert found["LEVERAGE"].limit == 1
    assert found["POSITIONS"].used == pytest.approx(0.15)
    assert found["LARGEST_POSITION"].used == pytest.approx(convert(D("0.5")))
    assert found["BUYING_POWER"].value == pytest.approx(convert(D(48_730)))
    assert "GOOG" in found["LARGEST_POSITION"].label


def test_gains_use_nothing_of_the_loss_limit():
    assert by_code(replace(ACCOUNT, equity=D(110_000)), LIMITS, D(0))["DAILY_LOSS"].used == 0


def test_no_day_no_equity_and_no_limits_are_measured_without_errors():
    empty = replace(ACCOUNT, equity=D(0), day_start_equity=None, gross_notional=D(0), opening_notional=D(0))
    unset = replace(LIMITS, **dict.fromkeys(LIMITS.__dataclass_fields__))
    for limits in (LIMITS, unset):
        for measure in by_code(empty, limits, D(0)).values():
            row = measure.as_dict()
            assert row["label"]
            assert row["used"] is None or Decimal(row["used"]) >= 0
    assert by_code(ACCOUNT, replace(LIMITS, max_positions=0), D(0))["POSITIONS"].used == 1


def test_a_limit_in_money_that_bounds_nothing_is_left_out():
    assert "LARGEST_POSITION_USD" in by_code(ACCOUNT, replace(LIMITS, max_position_usd=D(999_999_999)), D(1))
    assert "LARGEST_POSITION_USD" not in by_code(ACCOUNT, replace(LIMITS, max_position_usd=D(1_000_000_000)), D(1))
