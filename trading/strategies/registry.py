"""Strategies by dotted path, their parameters from forms and JSON, and the schema both are built of. Pure.

Errors are ValueErrors of one sentence that a person can act on.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from trading.strategies.base import PanelStrategy, Strategy, StrategyParameters


def strategy_load(path: str) -> type[Strategy]:
    """Return the strategy class at a dotted path such as ``package.module.Class``."""
    module_name, _, class_name = path.rpartition(".")
    try:
        found = getattr(import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"Strategy {path!r} cannot be loaded: {error}.") from error
    if not (inspect.isclass(found) and issubclass(found, Strategy)) or inspect.isabstract(found):
        raise ValueError(f"{path!r} is not a strategy: it must be a concrete class derived from Strategy.")
    if not found.name:
        raise ValueError(f"Strategy {path!r} has no name.")
    return found


def strategies_load(paths: Iterable[str]) -> dict[str, type[Strategy]]:
    """Return the strategies at these paths by their names; a name used twice is refused."""
    found: dict[str, type[Strategy]] = {}
    for path in paths:
        strategy = strategy_load(path)
        if strategy.name in found and found[strategy.name] is not strategy:
            raise ValueError(f"Two strategies are named {strategy.name!r}: {path} and another.")
        found[strategy.name] = strategy
    return found


def parameters_parse(strategy: type[Strategy], values: Mapping[str, Any] | None = None) -> StrategyParameters:
    """Return the strategy's parameters from names and values, numbers also as text; what is not given is default."""
    given = dict(values or {})
    fields = {field.name: field for field in dataclasses.fields(strategy.Parameters)}
    if unknown := sorted(set(given) - set(fields)):
        known = ", ".join(fields) or "none"
        raise ValueError(f"{strategy.name} has no parameter {', '.join(unknown)}; it has: {known}.")
    return strategy.Parameters(**{name: _value_parse(fields[name], value) for name, value in given.items()})


def _value_parse(field: dataclasses.Field[Any], value: Any) -> Any:
    kind = field.metadata["type"]
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, str):
        return value
    try:
        return kind(value.strip())
    except ValueError:
        return value


def parameters_schema(strategy: type[Strategy]) -> list[dict[str, Any]]:
    """Return name, type, default, min, max and help of each parameter, in order, ready for JSON."""
    return [
        {
            "name": field.name,
            "type": {int: "integer", float: "number"}[field.metadata["type"]],
            "default": field.default,
            "min": field.metadata["min"],
            "max": field.metadata["max"],
            "help": field.metadata["help"],
        }
        for field in dataclasses.fields(strategy.Parameters)
    ]


def parameters_dump(parameters: StrategyParameters) -> dict[str, Any]:
    """Return the parameters as a mapping ready for JSON."""
    return dataclasses.asdict(parameters)


def strategy_describe(strategy: type[Strategy]) -> dict[str, Any]:
    """Return what people and programs may know of a strategy: name, title, documentation, memory, parameters."""
    return {
        "name": strategy.name,
        "title": strategy.title or strategy.name,
        "documentation": " ".join((inspect.getdoc(strategy) or "").split()),
        "kind": strategy.kind if issubclass(strategy, PanelStrategy) else "event",
        "lookback": strategy.lookback(strategy.Parameters()),
        "warmup": strategy.warmup,
        "direction": strategy.direction,
        "parameters": parameters_schema(strategy),
    }
