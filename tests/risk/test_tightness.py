"""Which change of a limit loosens it."""

from decimal import Decimal

import pytest

from risk.tightness import HIGHER_IS_TIGHTER, LIMITS, LOWER_IS_TIGHTER, loosened
from tests.risk.build import PARTS

ONE, TWO = Decimal(1), Decimal(2)


def test_every_limit_has_a_direction():
    assert {*LIMITS, "allowed_symbols"} == set(PARTS["limits"].__dataclass_fields__)


@pytest.mark.parametrize("name", LIMITS)
def test_directions(name):
    tight, loose = (ONE, TWO) if name in LOWER_IS_TIGHTER else (TWO, ONE)
    assert (name in HIGHER_IS_TIGHTER) is not (name in LOWER_IS_TIGHTER)
    assert loosened({name: tight}, {name: loose}) == [name]
    assert loosened({name: loose}, {name: tight}) == []
    assert loosened({name: tight}, {name: tight}) == []
    assert loosened({name: tight}, {name: None}) == []
    assert loosened({name: None}, {name: tight}) == [name]


def test_symbols():
    name = "allowed_symbols"
    assert loosened({name: None}, {name: ["A"]}) == []
    assert loosened({name: ["A", "B"]}, {name: ["B"]}) == []
    assert loosened({name: ["A"]}, {name: ["B"]}) == [name]
    assert loosened({name: ["A"]}, {name: None}) == [name]
