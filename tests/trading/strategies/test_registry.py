"""Strategies by path, parameters from forms, and sentences for what cannot be."""

import json

import pytest

from trading.strategies.registry import (
    parameters_dump,
    parameters_parse,
    parameters_schema,
    strategies_load,
    strategy_describe,
)
from trading.strategies.rsi_reversion import RsiReversion
from trading.strategies.sma_cross import SmaCross


def test_parameters_are_read_from_text_and_defaults():
    parameters = parameters_parse(SmaCross, {"fast": "5"})
    assert parameters_dump(parameters) == {"fast": 5, "slow": 30}
    assert parameters_parse(SmaCross, {"slow": 40.0}).slow == 40
    assert parameters_parse(RsiReversion, {"entry": "12.5"}).entry == 12.5


@pytest.mark.parametrize(
    ("strategy", "values", "sentence"),
    [
        (SmaCross, {"fast": 0}, "fast must be a whole number from 1 to 249, not 0."),
        (SmaCross, {"fast": "x"}, "fast must be a whole number"),
        (SmaCross, {"fast": 2.5}, "fast must be a whole number"),
        (SmaCross, {"fast": True}, "fast must be a whole number"),
        (SmaCross, {"fast": None}, "fast must be a whole number"),
        (SmaCross, {"fast": [5]}, "fast must be a whole number"),
        (SmaCross, {"fast": 30, "slow": 30}, "fast must be smaller than slow"),
        (SmaCross, {"speed": 1}, "sma_cross has no parameter speed; it has: fast, slow."),
        (RsiReversion, {"entry": "nan"}, "entry must be a number from 0.0 to 100.0"),
        (RsiReversion, {"entry": float("inf")}, "entry must be a number"),
        (RsiReversion, {"entry": 70}, "entry must be below exit"),
    ],
)
def test_impossible_parameters_are_one_sentence(strategy, values, sentence):
    with pytest.raises(ValueError, match=sentence.replace("(", r"\(").split(";")[0]) as caught:
        parameters_parse(strategy, values)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("trading.strategies.nowhere.Nothing", "cannot be loaded"),
        ("trading.strategies.sma_cross.Nothing", "cannot be loaded"),
        ("Nothing", "cannot be loaded"),
        ("trading.signals.Signal", "is not a strategy"),
        ("trading.strategies.base.PanelStrategy", "is not a strategy"),
    ],
)
def test_a_wrong_path_is_one_sentence(path, sentence):
    with pytest.raises(ValueError, match=sentence):
        strategies_load([path])


def test_schema_is_ready_for_forms_and_json():
    schema = parameters_schema(SmaCross)
    words = {"name": "fast", "type": "integer", "help": "Bars of the fast moving average."}
    assert schema[0] == {**words, "default": 10, "min": 1, "max": 249}
    json.dumps(strategy_describe(SmaCross))
