"""What the gate is told and what it answers: frozen facts in, rules with verdicts out. Pure.

Every number of one GateInput is of one type, Decimal on accounts and float in simulations. Quantities are
signed (``> 0`` buys); fractions are fractions. ``None`` in a limit means unset, and an unset limit denies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from risk import wording

Number = Decimal | float


class StopLevel(StrEnum):
    """How far trading is stopped; the strictest of all scopes wins."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


class Origin(StrEnum):
    """Whose wish an intent is: rules of wall time apply to people and programs only."""

    STRATEGY = "strategy"
    PERSON = "person"
    PROTECTIVE = "protective"


@dataclass(frozen=True, slots=True)
class InstrumentFacts:
    """The instrument as the account may trade it; ``known`` is false when no such instrument exists."""

    symbol: str
    known: bool = True
    currency: str = "USD"
    tick: Number | None = None
    step: Number = 1
    minimum_quantity: Number = 1
    multiplier: Number = 1
    tradable: bool = True


@dataclass(frozen=True, slots=True)
class IntentFacts:
    """What is asked: signed quantity and the prices as they would be sent."""

    quantity: Number
    order_type: str  # MARKET | LIMIT | STOP | STOP_LIMIT
    limit_price: Number | None = None
    stop_price: Number | None = None
    time_in_force: str = "DAY"  # DAY | GTC | OPG | IOC | FOK
    origin: Origin = Origin.STRATEGY
    protective: bool = False
    reduce_only: bool = False


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """The reference price and whether it may be trusted."""

    reference_price: Number | None
    reference_fresh: bool
    session_open: bool  # replay: true while the feed has a next bar


@dataclass(frozen=True, slots=True)
class SleeveFacts:
    """The sleeve the order carries: signed quantity held and |quantity| of its other working exits."""

    quantity: Number
    exits_working: Number = 0


@dataclass(frozen=True, slots=True)
class SymbolFacts:
    """The symbol over all sleeves of the account, and over the user's accounts of this environment and currency."""

    held_quantity: Number  # sum over sleeves of |quantity|
    opening_notional: Number  # working openings, at limit else reference price
    user_notional: Number  # user's other accounts: held and reserved
    user_equity: Number  # equity over the user's accounts of this environment and currency
    is_open_position: bool = False  # some sleeve holds it or a working opening asks for it
    opposing_limit_prices: Sequence[Number] = ()  # other sleeves' working non-protective limits on the other side


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """The account at this instant, valued at the same references."""

    environment: str
    kind: str  # cash | margin
    currency: str
    cash: Number
    equity: Number
    gross_notional: Number  # sum over sleeves of |quantity| * price * multiplier, all symbols
    opening_notional: Number  # working openings of all symbols
    reserved: Number
    positions: int  # symbols held or asked for by a working opening
    open_orders: int
    day_start_equity: Number | None  # equity at the previous session's close; None before the first
    day_flows: Number = 0
    stop_level: StopLevel = StopLevel.ACTIVE
    stop_reasons: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RecentFacts:
    """Wall-time facts about people's and programs' orders; strategies in replay leave them at rest."""

    orders_last_second: int = 0
    orders_last_minute: int = 0
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit of an account, from its profile and configuration; None is unset and denies."""

    max_position_usd: Number | None
    max_position_pct: Number | None
    max_user_symbol_pct: Number | None
    max_order_pct: Number | None
    max_leverage: Number | None
    max_positions: int | None
    max_daily_loss_pct: Number | None
    max_open_orders: int | None
    orders_per_second: int | None
    orders_per_minute: int | None
    collar_pct: Number | None
    reserve_collar_pct: Number | None  # reference * (1 + this) is reserved for an order without a limit price
    initial_margin_pct: Number | None  # 0.5 on margin accounts, 1 on cash accounts
    allowed_symbols: frozenset[str] | None = None  # None: every known symbol is allowed


@dataclass(frozen=True, slots=True)
class GateInput:
    """All the gate may know. ``fee`` estimates the cost of a quantity at a price for the reserve."""

    instrument: InstrumentFacts
    intent: IntentFacts
    market: MarketFacts
    sleeve: SleeveFacts
    symbol: SymbolFacts
    account: AccountFacts
    limits: Limits
    tolerance: Any  # marketdata.rounding.Tolerance in the number type of the other facts
    recent: RecentFacts = field(default_factory=RecentFacts)
    fee_rate: Number = 0  # fraction of notional
    fee_per_unit: Number = 0
    fee_minimum: Number = 0


class RuleVerdict(StrEnum):
    """The outcome of one rule."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    DENY = "deny"
    SKIP = "skip"  # does not apply to this order


class RuleResult(NamedTuple):
    """One rule: what it measured before and after the order, its limit, the headroom left and words for people.

    A tuple, because some thirty are made for every intent; label and text are worded only when somebody reads them.
    """

    code: str
    verdict: RuleVerdict
    current: Number | None  # the measure without this order
    value: Number | None  # the measure with it
    limit: Number | None
    headroom: Number | None
    unit: str  # fraction | usd (the account's currency) | count | price | quantity | times | none | unmeasured
    subject: str = ""  # the symbol, or what the rule found
    currency: str = "USD"

    @property
    def label(self) -> str:
        """The rule's name for people."""
        return wording.label(self.code)

    @property
    def text(self) -> str:
        """What the rule found, as a clause that fits into a sentence."""
        return wording.rule_text(*self)

    def as_dict(self) -> dict[str, str | None]:
        """The rule as it is stored and sent: decimals as strings."""
        return {
            "code": self.code,
            "label": self.label,
            "verdict": str(self.verdict),
            "current": wording.plain(self.current),
            "value": wording.plain(self.value),
            "limit": wording.plain(self.limit),
            "headroom": wording.plain(self.headroom),
            "unit": self.unit,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class GateResult:
    """The verdict over all rules.

    ``reducing`` and ``opening`` split the asked |quantity|: the reducing part is never denied by risk.
    ``largest_quantity`` is the largest |quantity| that would have passed (0 when below the minimum).
    ``binding_rule`` is, of a denied order, the first denying rule that no smaller size would satisfy, else the
    tightest sizing rule; of an allowed one the sizing rule that would deny first ("" for a pure exit).
    ``reserve`` is the money an approved order of the asked size holds.
    """

    allowed: bool
    rules: tuple[RuleResult, ...]
    binding_rule: str
    largest_quantity: Number
    reducing: Number
    opening: Number
    reserve: Number
    quantity: Number  # signed, as asked
    symbol: str

    @property
    def binding(self) -> RuleResult | None:
        """The binding rule itself."""
        return next((rule for rule in self.rules if rule.code == self.binding_rule), None)

    @property
    def denials(self) -> tuple[RuleResult, ...]:
        """The rules that deny."""
        return tuple(rule for rule in self.rules if rule.verdict is RuleVerdict.DENY)

    @property
    def text(self) -> str:
        """The verdict in one sentence."""
        return wording.verdict_text(self)
