"""Examples of the seeds' shapes, for the interface's description."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

_POSITION = {
    "symbol": "XYZ",
    "quantity": 84,
    "avg_price": 57.31,
    "current_price": 58.02,
    "market_value": 4873.68,
    "unrealized_pnl": 59.64,
    "unrealized_pnl_pct": 1.2389,
}
_BALANCES = {"account_id": "1", "cash": 95185.96, "buying_power": 95185.96, "portfolio_value": 100059.64}
_CONFIG: dict[str, Any] = {
    "trading": {
        "mode": "paper",
        "initial_capital": 100000.0,
        "max_positions": 20,
        "position_size": 0.05,
        "stop_loss": 0.02,
        "take_profit": 0.05,
    },
    "brokerage": {"provider": "paper", "credentials": None},
    "data": {"provider": "replay", "cache_enabled": True, "cache_dir": None},
    "risk": {
        "max_position_size_pct": 10.0,
        "max_daily_loss_pct": 5.0,
        "max_portfolio_leverage": 1.0,
        "allowed_symbols": None,
    },
    "strategies": [
        {
            "id": 1,
            "name": "SMA 10/30",
            "strategy": "sma_cross",
            "enabled": False,
            "params": {"fast": 10, "slow": 30},
            "symbols": ["XYZ"],
            "priority": 1,
            "on_limit": "cut",
            "position_size": 0.05,
            "stop_loss": 0.02,
            "take_profit": 0.05,
        }
    ],
}


def _answer(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True)


STATUS = _answer(
    "Running",
    {
        "running": True,
        "mode": "paper",
        "portfolio": {
            "total_value": 100059.64,
            "cash": 95185.96,
            "positions_value": 4873.68,
            "unrealized_pnl": 59.64,
            "total_return": 0.000596,
            "num_positions": 1,
        },
        "positions": [_POSITION],
        "account": _BALANCES,
        "last_update": "2006-06-20T20:00:00Z",
    },
)
POSITIONS = _answer("One position", {"success": True, "positions": [_POSITION]})
ACCOUNT = _answer(
    "A paper account",
    _BALANCES
    | {
        "name": "Paper",
        "mode": "paper",
        "currency": "USD",
        "kind": "cash",
        "positions_value": 4873.68,
        "unrealized_pnl": 59.64,
        "realized_pnl": 0.0,
        "reserved": 0.0,
        "fees": 0.0,
        "initial_capital": 100000.0,
        "last_update": "2006-06-20T20:00:00Z",
    },
)
CONFIG = _answer("The configuration", {"success": True, "config": _CONFIG})
CONFIG_CHANGE = OpenApiExample(
    "Tighten a limit",
    value={"account": 1, "trading": {"max_positions": 10}, "risk": {"max_position_size_pct": 8}},
    request_only=True,
)
CONFIG_SAVED = _answer("Saved", {"success": True, "message": "Saved: 2 changes.", "config": _CONFIG})
RISK_METRICS = _answer(
    "Within every limit",
    {
        "success": True,
        "account_id": "1",
        "state": "ACTIVE",
        "reasons": [],
        "profile": "PAPER",
        "portfolio_value": 100059.64,
        "buying_power": 95185.96,
        "daily_pnl": 59.64,
        "daily_return_pct": 0.05964,
        "max_daily_loss_pct": 5.0,
        "largest_position_pct": 4.87,
        "max_position_size_pct": 10.0,
        "leverage": 0.0487,
        "max_portfolio_leverage": 1.0,
        "num_positions": 1,
        "max_drawdown_pct": 0.0,
        "sharpe_ratio": None,
        "win_rate_pct": None,
        "measures": [
            {
                "code": "POSITIONS",
                "label": "Number of positions",
                "unit": "count",
                "value": 1,
                "limit": 20,
                "used_pct": 5.0,
            }
        ],
        "last_update": "2006-06-20T20:00:00Z",
    },
)
