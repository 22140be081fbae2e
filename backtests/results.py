"""What a run shows: the seeds' figures, the trade history, the equity curve, and what it was run with. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from backtests.account import EngineFill
from backtests.config import EngineConfig
from backtests.engine import RULES_NOT_SIMULATED, EngineResult
from portfolio.accounting import RoundTrip, round_trips
from portfolio.performance import Performance, daily_returns, performance, return_index
from trading.terms import Phase, side_of


def result_performance(result: EngineResult, config: EngineConfig) -> Performance:
    """The figures from equity at each session's close, time-weighted, and from the round trips of each sleeve."""
    closes = [v for v in result.valuations if v.phase == Phase.CLOSE]
    flows = [float(v.flow) for v in closes]
    flows[0] += float(config.capital)
    trips = [trip.net for trip in result_trips(result, config)]
    return performance([float(v.equity) for v in closes], flows, trips, config.periods_per_year)


def result_trips(result: EngineResult, config: EngineConfig) -> list[RoundTrip]:
    """Finished round trips of every sleeve, by sleeve."""
    sleeves: dict[tuple[str, str], list[EngineFill]] = {}
    for fill in result.fills:
        sleeves.setdefault((fill.symbol, fill.sleeve), []).append(fill)
    multipliers = {symbol: config.number(facts.multiplier) for symbol, facts in config.instruments.items()}
    one = config.number(1)
    return [trip for (symbol, _), f in sleeves.items() for trip in round_trips(f, multipliers.get(symbol, one))]


def result_summary(result: EngineResult, config: EngineConfig, request: Mapping[str, Any]) -> dict[str, Any]:
    """The seeds' fields without the history, and what the run was made with."""
    figures = result_performance(result, config)
    return {
        "strategy_name": request["strategy"],
        "start_date": request["start_date"],
        "end_date": request["end_date"],
        "initial_capital": float(config.capital),
        "final_value": float(result.valuations[-1].equity),
        "total_return": figures.total_return,
        "sharpe_ratio": figures.sharpe_ratio,
        "max_drawdown": figures.max_drawdown,
        "num_trades": len(result.fills),
        "win_rate": figures.win_rate,
        "round_trips": figures.round_trips,
        "sessions": figures.observations,
        "fees": float(sum((fill.fee for fill in result.fills), config.number(0))),
        "decisions": decisions_count(result),
        "ambiguous_bars": sum(fill.both_inside for fill in result.fills),
        "settings": settings_shown(config, request),
        "rules_not_simulated": list(RULES_NOT_SIMULATED),
        "messages": [fault.text for fault in result.faults],
    }


def decisions_count(result: EngineResult) -> dict[str, int]:
    """How many intents ended in each verdict."""
    counts: dict[str, int] = {}
    for decision in result.decisions:
        counts[decision.verdict] = counts.get(decision.verdict, 0) + 1
    return counts


def settings_shown(config: EngineConfig, request: Mapping[str, Any]) -> dict[str, Any]:
    """Everything the run assumed, so that nobody has to guess it."""
    deployment, limits, costs = config.deployments[0], config.limits, config.costs
    return {
        "symbols": list(request["symbols"]),
        "parameters": dict(request["parameters"]),
        "position_size": _plain(deployment.position_size),
        "stop_loss": _plain(deployment.stop_loss),
        "take_profit": _plain(deployment.take_profit),
        "direction": deployment.direction.value,
        "on_limit": deployment.on_limit.value,
        "account_kind": config.kind,
        "commission_per_share": _plain(costs.commission_per_share),
        "commission_pct": _plain(costs.commission_pct),
        "commission_minimum": _plain(costs.commission_minimum),
        "half_spread_bps": _plain(costs.half_spread_bps),
        "slippage_bps": _plain(costs.slippage_bps),
        "volume_cap": _plain(costs.volume_cap),
        "max_order_pct": _plain(limits.max_order_pct),
        "max_position_pct": _plain(limits.max_position_pct),
        "max_positions": limits.max_positions,
        "interest_pct": 0.0,
        "borrow_pct": 0.0,
        "ladder": config.ladder,
        "periods_per_year": config.periods_per_year,
    }


def _plain(value: Any) -> float | None:
    return None if value is None else float(value)


def result_tables(result: EngineResult) -> dict[str, list[dict[str, Any]]]:
    """Trades, equity at each close with its drawdown, and decisions, as rows of plain values."""
    return {"trades": _trades(result), "equity": _equity(result), "decisions": _decisions(result)}


def _trades(result: EngineResult) -> list[dict[str, Any]]:
    return [
        {
            "trade_id": str(number),
            "symbol": fill.symbol,
            "action": side_of(fill.quantity).value,
            "quantity": float(abs(fill.quantity)),
            "price": float(fill.price),
            "timestamp": fill.session_on.isoformat(),
            "pnl": float(fill.realised - fill.fee) if fill.closes else None,
            "fee": float(fill.fee),
            "role": fill.role,
            "phase": fill.phase,
        }
        for number, fill in enumerate(result.fills, 1)
    ]


def _equity(result: EngineResult) -> list[dict[str, Any]]:
    closes = [v for v in result.valuations if v.phase == Phase.CLOSE]
    if not closes:
        return []
    equity = np.array([float(v.equity) for v in closes])
    flows = np.array([float(v.flow) for v in closes])
    flows[0] += float(result.capital)
    index = return_index(daily_returns(equity, flows))
    fallen = (index / np.maximum.accumulate(index) - 1.0)[1:]
    return [
        {"session_on": v.session_on.isoformat(), "equity": float(v.equity), "drawdown": float(drawdown)}
        for v, drawdown in zip(closes, fallen, strict=True)
    ]


def _decisions(result: EngineResult) -> list[dict[str, Any]]:
    return [
        {
            "session_on": decision.session_on.isoformat(),
            "symbol": decision.symbol,
            "role": decision.role,
            "wanted": float(decision.wanted),
            "quantity": float(decision.quantity),
            "verdict": decision.verdict,
            "rule": decision.rule,
            "text": decision.text,
        }
        for decision in result.decisions
    ]
