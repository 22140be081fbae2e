"""What a person asks of a backtest, read and checked: dates, symbols, capital, strategy. Pure.

`request_parse` takes the body of the interface or of a form (numbers may be text), fills in defaults and refuses what
cannot be meant with one sentence. Its answer is plain JSON and is what a run stores.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from backtests.config import (
    DEFAULT_COSTS,
    DEFAULT_POSITION_SIZE,
    DEFAULT_STOP_LOSS,
    DEFAULT_STRATEGY,
    DEFAULT_TAKE_PROFIT,
    EngineConfig,
    EngineDeployment,
)
from operations.errors import InvalidInput
from risk.facts import InstrumentFacts
from trading.costs import CostModel
from trading.strategies.base import Strategy
from trading.strategies.registry import parameters_dump, parameters_parse

SYMBOLS_MAX = 500
CAPITAL_MAX = 90_000_000_000.0
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBERS: dict[str, tuple[float | None, float, float]] = {
    # name: default, minimum (excluded for the first three), maximum
    "position_size": (DEFAULT_POSITION_SIZE, 0.0, 10.0),
    "stop_loss": (DEFAULT_STOP_LOSS, 0.0, 0.99),
    "take_profit": (DEFAULT_TAKE_PROFIT, 0.0, 100.0),
    "commission_per_share": (0.0, 0.0, 1_000.0),
    "commission_pct": (0.0, 0.0, 1.0),
    "commission_minimum": (0.0, 0.0, 1_000_000.0),
    "half_spread_bps": (float(DEFAULT_COSTS.half_spread_bps), 0.0, 5_000.0),
    "slippage_bps": (float(DEFAULT_COSTS.slippage_bps), 0.0, 5_000.0),
}
_OPTIONAL = ("stop_loss", "take_profit")
_POSITIVE = ("position_size", "stop_loss", "take_profit")
_KEYS = {"start_date", "end_date", "symbols", "initial_capital", "strategy", "parameters", *_NUMBERS}


def request_parse(body: Mapping[str, Any], strategies: Mapping[str, type[Strategy]]) -> dict[str, Any]:
    """The request with defaults filled in, as plain JSON; InvalidInput for what cannot be run."""
    if not isinstance(body, Mapping):
        raise InvalidInput("BODY_INVALID", "The body must be a JSON object.")
    if unknown := sorted(set(map(str, body)) - _KEYS):
        raise InvalidInput("FIELD_UNKNOWN", f"A backtest has no field {unknown[0]!r}.", fields=unknown)
    start, end = _date(body, "start_date"), _date(body, "end_date")
    if end < start:
        raise InvalidInput("DATES_INVALID", f"end_date {end} is before start_date {start}.")
    name = body.get("strategy") or DEFAULT_STRATEGY
    if not isinstance(name, str) or name not in strategies:
        known = ", ".join(strategies)
        raise InvalidInput("STRATEGY_UNKNOWN", f"There is no strategy {str(name)[:80]!r}; there are: {known}.")
    return {
        "start_date": start.isoformat(),
        "end_date": end.isoformat(),
        "symbols": _symbols(body.get("symbols")),
        "initial_capital": _number("initial_capital", body.get("initial_capital"), 0.0, CAPITAL_MAX, positive=True),
        "strategy": name,
        "parameters": _parameters(strategies[name], body.get("parameters")),
        **{key: _optional_number(key, body) for key in _NUMBERS},
    }


def _date(body: Mapping[str, Any], key: str) -> date:
    text = body.get(key)
    try:
        if not isinstance(text, str) or not _DATE.fullmatch(text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput("DATES_INVALID", f"{key} must be a date written YYYY-MM-DD.", field=key) from error


def _symbols(given: Any) -> list[str]:
    if not isinstance(given, list | tuple) or not given:
        raise InvalidInput("SYMBOLS_INVALID", "symbols must be a list of at least one symbol.", field="symbols")
    if any(not isinstance(symbol, str) or not 0 < len(symbol.strip()) <= 40 for symbol in given):
        raise InvalidInput("SYMBOLS_INVALID", "Each symbol must be a text of 1 to 40 characters.", field="symbols")
    symbols = list(dict.fromkeys(symbol.strip() for symbol in given))
    if len(symbols) > SYMBOLS_MAX:
        raise InvalidInput("SYMBOLS_INVALID", f"At most {SYMBOLS_MAX} symbols fit into one backtest.", field="symbols")
    return symbols


def _number(name: str, given: Any, low: float, high: float, *, positive: bool) -> float:
    try:
        if isinstance(given, bool) or given is None:
            raise ValueError(given)
        value = float(given)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInput("NUMBER_INVALID", f"{name} must be a number.", field=name) from error
    if not math.isfinite(value) or value > high or value < low or (positive and value <= 0):
        bound = "above 0" if positive else f"at least {low:g}"
        raise InvalidInput("NUMBER_INVALID", f"{name} must be {bound} and at most {high:,.15g}.", field=name)
    return value


def _optional_number(name: str, body: Mapping[str, Any]) -> float | None:
    default, low, high = _NUMBERS[name]
    if name not in body:
        return default
    if body[name] is None and name in _OPTIONAL:
        return None
    return _number(name, body[name], low, high, positive=name in _POSITIVE)


def _parameters(strategy: type[Strategy], given: Any) -> dict[str, Any]:
    if given is not None and not isinstance(given, Mapping):
        raise InvalidInput(
            "PARAMETERS_INVALID", "parameters must be an object of names and values.", field="parameters"
        )
    try:
        return parameters_dump(parameters_parse(strategy, given))
    except ValueError as error:
        raise InvalidInput("PARAMETERS_INVALID", str(error), field="parameters") from error


def request_config(
    request: Mapping[str, Any], strategy: type[Strategy], instruments: Mapping[str, InstrumentFacts]
) -> EngineConfig:
    """The engine's configuration of a parsed request: one deployment on a cash account with the default limits."""
    deployment = EngineDeployment(
        key="1",
        strategy=strategy,
        symbols=tuple(request["symbols"]),
        parameters=request["parameters"],
        name=strategy.title or strategy.name,
        position_size=request["position_size"],
        stop_loss=request["stop_loss"],
        take_profit=request["take_profit"],
    )
    costs = CostModel(
        commission_per_share=request["commission_per_share"],
        commission_pct=request["commission_pct"],
        commission_minimum=request["commission_minimum"],
        half_spread_bps=request["half_spread_bps"],
        slippage_bps=request["slippage_bps"],
        volume_cap=DEFAULT_COSTS.volume_cap,
    )
    return EngineConfig(
        first_on=date.fromisoformat(request["start_date"]),
        last_on=date.fromisoformat(request["end_date"]),
        capital=request["initial_capital"],
        deployments=(deployment,),
        instruments=instruments,
        costs=costs,
    )
