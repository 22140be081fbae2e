"""What may be asked of a backtest, and the sentence for what may not."""

import pytest

from backtests.request import request_config, request_parse
from operations.errors import InvalidInput
from trading.strategies.rsi_reversion import RsiReversion
from trading.strategies.sma_cross import SmaCross

STRATEGIES = {"sma_cross": SmaCross, "rsi_reversion": RsiReversion}
GOOD = {"start_date": "2006-01-03", "end_date": "2007-12-31", "symbols": ["AAA"], "initial_capital": "100000"}


def test_the_seeds_body_is_enough_and_the_defaults_are_the_documented_ones():
    request = request_parse(GOOD, STRATEGIES)
    assert request == {
        **GOOD,
        "initial_capital": 100_000.0,
        "strategy": "sma_cross",
        "parameters": {"fast": 10, "slow": 30},
        "position_size": 0.05,
        "stop_loss": 0.02,
        "take_profit": 0.05,
        "commission_per_share": 0.0,
        "commission_pct": 0.0,
        "commission_minimum": 0.0,
        "half_spread_bps": 1.0,
        "slippage_bps": 2.0,
    }
    config = request_config(request, SmaCross, {})
    limits = config.limits
    assert (config.kind, config.ladder) == ("cash", False)
    assert (limits.max_order_pct, limits.max_position_pct, limits.max_positions) == (1, 1, 20)


def test_symbols_are_stripped_and_named_once():
    assert request_parse({**GOOD, "symbols": [" AAA", "BBB", "AAA"]}, STRATEGIES)["symbols"] == ["AAA", "BBB"]


def test_a_bracket_can_be_left_out():
    assert request_parse({**GOOD, "stop_loss": None}, STRATEGIES)["stop_loss"] is None


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        ({"start_date": "2006-1-3"}, "DATES_INVALID", "start_date must be a date written YYYY-MM-DD."),
        ({"start_date": None}, "DATES_INVALID", "start_date must be"),
        ({"end_date": "2006-02-30"}, "DATES_INVALID", "end_date must be"),
        ({"end_date": "2005-01-01"}, "DATES_INVALID", "end_date 2005-01-01 is before start_date 2006-01-03."),
        ({"end_date": 20070101}, "DATES_INVALID", "end_date must be"),
        ({"symbols": []}, "SYMBOLS_INVALID", "at least one symbol"),
        ({"symbols": "AAA"}, "SYMBOLS_INVALID", "must be a list"),
        ({"symbols": [1]}, "SYMBOLS_INVALID", "Each symbol"),
        ({"symbols": [" "]}, "SYMBOLS_INVALID", "Each symbol"),
        ({"symbols": [f"S{n}" for n in range(501)]}, "SYMBOLS_INVALID", "At most 500"),
        ({"initial_capital": 0}, "NUMBER_INVALID", "initial_capital must be above 0"),
        ({"initial_capital": -5}, "NUMBER_INVALID", "initial_capital must be above 0"),
        ({"initial_capital": None}, "NUMBER_INVALID", "initial_capital must be a number."),
        ({"initial_capital": "much"}, "NUMBER_INVALID", "initial_capital must be a number."),
        ({"initial_capital": "nan"}, "NUMBER_INVALID", "initial_capital must be above 0"),
        ({"initial_capital": "1e400"}, "NUMBER_INVALID", "initial_capital must be above 0"),
        ({"initial_capital": True}, "NUMBER_INVALID", "initial_capital must be a number."),
        ({"initial_capital": {}}, "NUMBER_INVALID", "initial_capital must be a number."),
        ({"position_size": 0}, "NUMBER_INVALID", "position_size must be above 0"),
        ({"slippage_bps": -1}, "NUMBER_INVALID", "slippage_bps must be at least 0"),
        ({"strategy": "magic"}, "STRATEGY_UNKNOWN", "There is no strategy 'magic'; there are: sma_cross"),
        ({"strategy": ["sma_cross"]}, "STRATEGY_UNKNOWN", "There is no strategy"),
        ({"parameters": [1]}, "PARAMETERS_INVALID", "parameters must be an object"),
        ({"parameters": {"fast": 40}}, "PARAMETERS_INVALID", "fast must be smaller than slow"),
        ({"colour": "red"}, "FIELD_UNKNOWN", "A backtest has no field 'colour'."),
    ],
)
def test_what_cannot_be_run_is_one_sentence(changes, code, sentence):
    with pytest.raises(InvalidInput) as caught:
        request_parse({**GOOD, **changes}, STRATEGIES)
    assert caught.value.code == code
    assert sentence in caught.value.message


def test_anything_but_an_object_is_refused():
    with pytest.raises(InvalidInput, match="JSON object"):
        request_parse(["AAA"], STRATEGIES)
