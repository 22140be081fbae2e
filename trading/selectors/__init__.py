"""Questions about deployments, orders and fills; pictures for the gate; rows for dashboards."""

from trading.selectors.registry import broker_get, strategies, strategy_get

__all__ = ["broker_get", "strategies", "strategy_get"]
