"""The gate's rules whose answer is the same for every size, and how a rule's answer is written down. Pure.

Rules about the order itself judge all of it: its input, the instrument, the session, reduce-only, the stop state. The
others are rules of risk and judge an opening; on an order that only reduces they do not apply (``SKIP``) and still tell
whether they would object, because the largest passing size depends on it.
"""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Any, NamedTuple

from marketdata.rounding import on_grid, snap
from risk import limits as rule
from risk.facts import GateInput, Origin, RuleResult, RuleVerdict, StopLevel
from risk.wording import plain

ORDER_TYPES = frozenset({"MARKET", "LIMIT", "STOP", "STOP_LIMIT"})
LIMITED = frozenset({"LIMIT", "STOP_LIMIT"})
STOPPED = frozenset({"STOP", "STOP_LIMIT"})
TIMES_IN_FORCE = frozenset({"DAY", "GTC", "OPG", "IOC", "FOK"})
IMMEDIATE = frozenset({"IOC", "FOK"})
KINDS = frozenset({"cash", "margin"})
COLUMN_BOUND = 90_000_000_000  # what a money, quantity or price column may hold

PASS, DENY, SKIP = RuleVerdict.PASS, RuleVerdict.DENY, RuleVerdict.SKIP


class Split(NamedTuple):
    """The asked |quantity| in its two parts, and the most that could reduce."""

    reducible: Any
    reducing: Any
    opening: Any


class OrderRules(NamedTuple):
    """What the rules about the order found; whether they leave no size at all, or only reductions."""

    rules: list[RuleResult]
    all_blocked: bool
    opening_blocked: bool


# --- writing down -----------------------------------------------------------------------------------------------------


def finite(value: Any) -> bool:
    """Whether a value is a number that can be reckoned with."""
    if type(value) is Decimal:
        return value.is_finite()
    return isinstance(value, int | float) and isfinite(value)


def known(limit: Any) -> Any:
    """A limit that is set and finite, else None."""
    return limit if finite(limit) else None


def verdict(denied: bool, applies: bool) -> RuleVerdict:
    """The verdict of a rule that objects or not, on an order it applies to or not."""
    if not applies:
        return SKIP
    return DENY if denied else PASS


def found(code: str, words: str, denied: bool, applies: bool = True) -> RuleResult:
    """A rule that answers yes or no."""
    return RuleResult(code, verdict(denied, applies), None, None, None, None, "none", words)


def split_quantity(facts: GateInput) -> Split:
    """Split the order by what it takes off its sleeve; to eight decimals, so that float dust opens nothing."""
    quantity: Any = facts.intent.quantity
    reducible = snap(rule.reducible_part(quantity, facts.sleeve.quantity, facts.sleeve.exits_working))
    reducing = min(abs(quantity), reducible)
    return Split(reducible, reducing, snap(abs(quantity) - reducing))


# --- the order itself -------------------------------------------------------------------------------------------------


def input_fault(facts: GateInput) -> str:
    """What makes the order impossible to read; "" when it can be judged."""
    intent, instrument, sleeve = facts.intent, facts.instrument, facts.sleeve
    quantity: Any = intent.quantity
    if not finite(quantity) or quantity == 0 or abs(quantity) >= COLUMN_BOUND:
        return "the quantity must be a finite number other than zero"
    if not (finite(sleeve.quantity) and finite(sleeve.exits_working)) or sleeve.exits_working < 0:
        return "what the sleeve holds is not known"
    grid: tuple[Any, ...] = (instrument.step, instrument.minimum_quantity, instrument.multiplier)
    for value in grid:
        if not finite(value) or value <= 0:
            return "the instrument's step, minimum and multiplier must be positive"
    if not finite(facts.tolerance.relative) or facts.tolerance.relative < 0:
        return "the tolerance is not known"
    if intent.order_type not in ORDER_TYPES:
        return f"{intent.order_type} is not an order type"
    if intent.time_in_force not in TIMES_IN_FORCE:
        return f"{intent.time_in_force} is not a time in force"
    limited = _price_fault(facts, intent.limit_price, intent.order_type in LIMITED, "limit")
    return limited or _price_fault(facts, intent.stop_price, intent.order_type in STOPPED, "stop")


def _price_fault(facts: GateInput, price: Any, wanted: bool, name: str) -> str:
    if not wanted:
        return "" if price is None else f"a {facts.intent.order_type} order carries no {name} price"
    if not finite(price) or price <= 0 or price >= COLUMN_BOUND:
        return f"a {facts.intent.order_type} order needs a positive {name} price"
    if not on_grid(price, facts.instrument.tick):
        return f"the {name} price is not on the tick of {plain(facts.instrument.tick)}"
    return ""


def order_rules(facts: GateInput, split: Split) -> OrderRules:
    """Judge the whole order, its reducing part included."""
    instrument, intent, account = facts.instrument, facts.intent, facts.account
    magnitude: Any = abs(intent.quantity)
    off_step = not on_grid(magnitude, instrument.step)
    usable = instrument.known is True and instrument.tradable is True
    foreign = instrument.currency != account.currency
    closed = facts.market.session_open is not True and intent.time_in_force in IMMEDIATE
    must_reduce = intent.reduce_only or intent.protective
    stop, halted, reducing_only = _stop(facts, split)
    rules = [
        found("INPUT", "", False),
        found("STEP", f"the quantity is not a multiple of {plain(instrument.step)}" if off_step else "", off_step),
        _minimum(facts, split, magnitude),
        found("INSTRUMENT", "" if usable else f"{instrument.symbol} cannot be traded here", not usable),
        found("CURRENCY_MISMATCH", _foreign(facts) if foreign else "", foreign),
        found("SESSION", f"the market is closed and the order is {intent.time_in_force}" if closed else "", closed),
        RuleResult(
            "REDUCE_ONLY",
            verdict(split.opening > 0, must_reduce),
            None,
            magnitude,
            split.reducible,
            split.reducible - magnitude,
            "quantity",
            instrument.symbol,
        ),
        found("STOP_STATE", stop, bool(stop)),
    ]
    return OrderRules(rules, not usable or foreign or closed or halted, must_reduce or reducing_only)


def _foreign(facts: GateInput) -> str:
    instrument = facts.instrument
    return f"{instrument.symbol} trades in {instrument.currency} and the account is in {facts.account.currency}"


def _minimum(facts: GateInput, split: Split, magnitude: Any) -> RuleResult:
    """The smallest order; a position smaller than that may still be closed whole."""
    least: Any = facts.instrument.minimum_quantity
    enough = rule.within(least, magnitude, facts.tolerance.relative)
    closes_all = split.opening == 0 and magnitude == split.reducible
    return RuleResult(
        "MINIMUM_QUANTITY",
        verdict(not enough and not closes_all, True),
        None,
        magnitude,
        least,
        magnitude - least,
        "quantity",
        facts.instrument.symbol,
    )


def _stop(facts: GateInput, split: Split) -> tuple[str, bool, bool]:
    """The stop state's objection to this order, whether it leaves no size at all, and whether only reductions."""
    level, intent = facts.account.stop_level, facts.intent
    if level is StopLevel.ACTIVE:
        return "", False, False
    why = "; ".join(dict.fromkeys(facts.account.stop_reasons)) or "no reason is recorded"
    if level is StopLevel.REDUCING:
        return f"only reductions are allowed now: {why}" if split.opening > 0 else "", False, True
    if level is StopLevel.HALTED and (intent.protective or intent.origin is Origin.PERSON):
        return f"trading is halted and only reductions pass: {why}" if split.opening > 0 else "", False, True
    return f"trading is halted: {why}", True, True


# --- rules of risk ----------------------------------------------------------------------------------------------------


def facts_fault(facts: GateInput) -> str:
    """What is missing among the facts that openings are judged by; "" when all are known."""
    account, symbol, market, recent = facts.account, facts.symbol, facts.market, facts.recent
    if account.kind not in KINDS:
        return f"{account.kind} is not a kind of account"
    if not (finite(account.cash) and finite(account.equity) and finite(account.day_flows)):
        return "the account's cash or equity is not known"
    if account.day_start_equity is not None and not finite(account.day_start_equity):
        return "equity at the previous close is not known"
    for value in (
        account.gross_notional,
        account.opening_notional,
        account.reserved,
        account.positions,
        account.open_orders,
        symbol.held_quantity,
        symbol.opening_notional,
        symbol.user_notional,
        symbol.user_equity,
        recent.orders_last_second,
        recent.orders_last_minute,
        facts.fee_rate,
        facts.fee_per_unit,
        facts.fee_minimum,
    ):
        if not finite(value) or value < 0:
            return "a figure of the account, the symbol or the costs is not known"
    reference: Any = market.reference_price
    if not finite(reference) or reference <= 0:
        return f"there is no reference price for {facts.instrument.symbol}"
    held: Any = facts.sleeve.quantity
    if not rule.within(abs(held), symbol.held_quantity, facts.tolerance.relative):
        return "the sleeve holds more than the account"
    return ""


def flag_rules(facts: GateInput, applies: bool) -> tuple[list[RuleResult], bool]:
    """Judge the opening whatever its size; also whether any rule objects."""
    limits, account, symbol, recent = facts.limits, facts.account, facts.symbol, facts.recent
    name, person = facts.instrument.symbol, facts.intent.origin is Origin.PERSON
    outside = limits.allowed_symbols is not None and name not in limits.allowed_symbols
    stale = facts.market.reference_fresh is not True
    short = account.kind == "cash" and facts.intent.quantity < 0
    duplicate = recent.duplicate is not False
    positions = account.positions if symbol.is_open_position else account.positions + 1
    answers = (
        (found("SYMBOL_ALLOWED", name, outside, applies), outside),
        (found("STALE_REFERENCE", name, stale, applies), stale),
        _collar(facts, applies),
        (found("SHORT_NOT_ALLOWED", name, short, applies), short),
        _daily_loss(facts, applies),
        _count("POSITIONS", account.positions, positions, limits.max_positions, applies),
        _count("OPEN_ORDERS", account.open_orders, account.open_orders + 1, limits.max_open_orders, applies),
        _rate("RATE_SECOND", recent.orders_last_second, limits.orders_per_second, person, applies),
        _rate("RATE_MINUTE", recent.orders_last_minute, limits.orders_per_minute, person, applies),
        (found("DUPLICATE", name, duplicate, applies), duplicate),
        _self_match(facts, applies),
    )
    return [result for result, _ in answers], any(denied for _, denied in answers)


FLAG_RULES = (
    "SYMBOL_ALLOWED",
    "STALE_REFERENCE",
    "COLLAR",
    "SHORT_NOT_ALLOWED",
    "DAILY_LOSS",
    "POSITIONS",
    "OPEN_ORDERS",
    "RATE_SECOND",
    "RATE_MINUTE",
    "DUPLICATE",
    "SELF_MATCH",
)


def _count(code: str, current: int, value: int, limit: int | None, applies: bool) -> tuple[RuleResult, bool]:
    limit = known(limit)
    denied = limit is None or value > limit
    headroom = None if limit is None else limit - value
    return RuleResult(code, verdict(denied, applies), current, value, limit, headroom, "count"), denied


def _rate(code: str, recent: int, limit: int | None, person: bool, applies: bool) -> tuple[RuleResult, bool]:
    """People and programs are denied over a rate; what strategies send is paced on its way out."""
    if person or known(limit) is None:
        return _count(code, recent, recent + 1, limit, applies)
    return RuleResult(code, SKIP, recent, None, limit, None, "count"), False


def _collar(facts: GateInput, applies: bool) -> tuple[RuleResult, bool]:
    """Bound the aggression of a limit price, measured from the reference or from the order's own stop."""
    intent, collar = facts.intent, known(facts.limits.collar_pct)
    price: Any = intent.limit_price
    if collar is None:
        return RuleResult("COLLAR", verdict(True, applies), None, price, None, None, "price"), True
    if price is None:
        return RuleResult("COLLAR", SKIP, None, None, None, None, "price"), False
    anchor: Any = facts.market.reference_price if intent.stop_price is None else intent.stop_price
    bound = rule.collar_price(anchor, collar, intent.quantity)
    denied = not rule.collar_passes(price, bound, intent.quantity, facts.tolerance.relative)
    headroom = rule.collar_headroom(price, bound, intent.quantity)
    return RuleResult("COLLAR", verdict(denied, applies), None, price, bound, headroom, "price"), denied


def _daily_loss(facts: GateInput, applies: bool) -> tuple[RuleResult, bool]:
    account, limit = facts.account, known(facts.limits.max_daily_loss_pct)
    start: Any = account.day_start_equity
    if start is None and limit is not None:  # before the first close there is no day to measure
        return RuleResult("DAILY_LOSS", SKIP, None, None, limit, None, "fraction"), False
    if limit is None or start <= 0:
        return RuleResult("DAILY_LOSS", verdict(True, applies), None, None, limit, None, "fraction"), True
    value = rule.daily_return(account.equity, account.day_flows, start)
    denied = not rule.daily_loss_within(account.equity, account.day_flows, start, limit, facts.tolerance.relative)
    return RuleResult("DAILY_LOSS", verdict(denied, applies), value, value, limit, limit + value, "fraction"), denied


def _self_match(facts: GateInput, applies: bool) -> tuple[RuleResult, bool]:
    """Another sleeve's resting limit at or through the reference would trade with this order."""
    reference: Any = facts.market.reference_price
    for price in facts.symbol.opposing_limit_prices:
        if not finite(price) or rule.crosses(price, reference, facts.intent.quantity, facts.tolerance.relative):
            return RuleResult("SELF_MATCH", verdict(True, applies), None, price, reference, None, "price"), True
    return RuleResult("SELF_MATCH", verdict(False, applies), None, None, reference, None, "price"), False
