"""What a simulation is told: the account, its rules, its deployments and the span. Pure.

Numbers are given in any type and brought to the run's own (`EngineConfig.number`, float or Decimal) by the engine.
Fractions are fractions; `start_on` of a deployment is the session whose close it first decides at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from risk.facts import InstrumentFacts, Limits
from trading.costs import CostModel
from trading.strategies.base import Strategy
from trading.terms import Direction, OnLimit

Number = Any  # Decimal, float or int

# The simulation a plain run uses when nothing is said, as documented with every result.
DEFAULT_STRATEGY = "sma_cross"
DEFAULT_POSITION_SIZE = 0.05
DEFAULT_STOP_LOSS = 0.02
DEFAULT_TAKE_PROFIT = 0.05
DEFAULT_COSTS = CostModel(half_spread_bps=1, slippage_bps=2, volume_cap=0.1)
DEFAULT_PERIODS_PER_YEAR = 252
UNBOUND = 1_000_000_000  # a money or count limit that a plain run sets but never meets


@dataclass(frozen=True, slots=True)
class CashEvent:
    """Money paid in (`amount` > 0) or out at the start of a session."""

    session_on: date
    amount: Number


@dataclass(frozen=True, slots=True)
class EngineDeployment:
    """A strategy at work on the account; `key` names its sleeve, `order` decides after priority who comes first.

    `anchor_on` is the first session the strategy sees; None counts the strategy's warm-up or lookback back from
    `start_on`, and `start_on` None is the first session of the run.
    """

    key: str
    strategy: type[Strategy]
    symbols: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    priority: int = 100
    order: int = 0
    direction: Direction = Direction.LONG
    on_limit: OnLimit = OnLimit.CUT
    position_size: Number = DEFAULT_POSITION_SIZE
    stop_loss: Number | None = DEFAULT_STOP_LOSS
    take_profit: Number | None = DEFAULT_TAKE_PROFIT
    capital: Number | None = None
    rebalance_band: Number | None = None
    start_on: date | None = None
    anchor_on: date | None = None


def limits_default() -> Limits:
    """The limits of a plain run: order and symbol up to all of the equity, 20 positions, nothing else binding."""
    return Limits(
        max_position_usd=UNBOUND,
        max_position_pct=1,
        max_user_symbol_pct=1,
        max_order_pct=1,
        max_leverage=1,
        max_positions=20,
        max_daily_loss_pct=1,
        max_open_orders=UNBOUND,
        orders_per_second=UNBOUND,
        orders_per_minute=UNBOUND,
        collar_pct=0.03,
        reserve_collar_pct=0.03,
        initial_margin_pct=1,
    )


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """One account over one span of sessions, both ends with it."""

    first_on: date
    last_on: date
    capital: Number
    deployments: tuple[EngineDeployment, ...]
    instruments: Mapping[str, InstrumentFacts] = field(default_factory=dict)
    limits: Limits = field(default_factory=limits_default)
    costs: CostModel = DEFAULT_COSTS
    cash_events: tuple[CashEvent, ...] = ()
    kind: str = "cash"
    currency: str = "USD"
    environment: str = "paper"
    ladder: bool = False
    number: type[float] | type[Decimal] = float
    periods_per_year: int = DEFAULT_PERIODS_PER_YEAR

    def __post_init__(self) -> None:
        """Refuse what cannot be run, with one sentence."""
        if self.last_on < self.first_on:
            raise ValueError(f"The run ends on {self.last_on}, before it begins on {self.first_on}.")
        if not self.capital > 0:
            raise ValueError("The capital must be positive.")
        keys = [deployment.key for deployment in self.deployments]
        if not keys or len(set(keys)) != len(keys):
            raise ValueError("A run needs at least one deployment, each with a key of its own.")
        if empty := [deployment.key for deployment in self.deployments if not deployment.symbols]:
            raise ValueError(f"Deployment {empty[0]} has no symbols.")
