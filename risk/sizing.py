"""The gate's rules that bound the size, and the largest size they let pass. Pure.

Each is linear in the opening quantity and so gives its own largest in closed form. All are reckoned in money, by
multiplication: a share of equity is compared as ``share * equity``, which also denies where equity is not positive.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from marketdata.rounding import quantity_floor
from risk import limits as rule
from risk.facts import GateInput, RuleResult
from risk.rules import COLUMN_BOUND, SKIP, Split, known, verdict

SIZE_RULES = (
    "ORDER_NOTIONAL",
    "POSITION_USD",
    "POSITION_PCT",
    "USER_SYMBOL",
    "LEVERAGE",
    "INITIAL_MARGIN",
    "BUYING_POWER",
)


class Size(NamedTuple):
    """One rule: ``base + opening * per_unit`` may be at most ``limit``.

    ``current`` is the measure before the order, ``base`` after its reducing part. Measures are shown as multiples of
    ``scale``; without one they are shown as money.
    """

    code: str
    current: Any
    base: Any
    per_unit: Any
    limit: Any
    scale: Any
    shown_limit: Any
    unit: str

    def fits(self, opening: Any, relative: Any) -> bool:
        """Whether an opening of this quantity passes."""
        return self.limit is not None and rule.within(self.base + opening * self.per_unit, self.limit, relative)

    def room(self, relative: Any) -> Any:
        """The largest opening that passes."""
        if self.limit is None:
            return 0 * self.base
        if self.per_unit > 0:
            return rule.room(self.limit, self.base, self.per_unit, relative)
        return 0 * self.base + COLUMN_BOUND if self.fits(0, relative) else 0 * self.base


class Power(NamedTuple):
    """The rule of buying power: what an opening reserves, its fee included, may be at most ``power``."""

    power: Any
    price: Any
    multiplier: Any
    fee_rate: Any
    fee_per_unit: Any
    fee_minimum: Any

    def reserve(self, opening: Any) -> Any:
        """The money an opening of this quantity holds; without a known price none can be reckoned."""
        if self.price is None:
            return 0 * opening
        return rule.reserve_amount(opening, *self[1:])

    def fits(self, opening: Any, relative: Any) -> bool:
        """Whether the reserve of an opening of this quantity is there."""
        return self.power is not None and rule.within(self.reserve(opening), self.power, relative)

    def room(self, relative: Any) -> Any:
        """The largest opening whose reserve is there."""
        return 0 * self.multiplier if self.power is None else rule.reserve_room(*self, relative)


class Sizing(NamedTuple):
    """All sizing rules of one intent."""

    split: Split
    sizes: tuple[Size, ...]
    power: Power
    relative: Any

    def fits(self, quantity: Any) -> bool:
        """Whether an order of this magnitude passes every one of them."""
        opening = quantity - self.split.reducible
        if opening <= 0:
            return True
        return self.power.fits(opening, self.relative) and all(size.fits(opening, self.relative) for size in self.sizes)

    def tightest(self) -> tuple[Any, str]:
        """The least room and the rule that leaves it."""
        least, code = self.power.room(self.relative), "BUYING_POWER"
        for size in reversed(self.sizes):
            room = size.room(self.relative)
            if room <= least:
                least, code = room, size.code
        return least, code

    def largest(self, step: Any, room: Any) -> Any:
        """The largest passing magnitude on the step.

        The closed form is floored with the grid's tolerance, which may land one step to either side of what the rules
        say; the rules have the last word.
        """
        bound = quantity_floor(COLUMN_BOUND - step, step)
        largest = min(quantity_floor(self.split.reducible + room, step), bound)
        if self.fits(largest):
            return largest + step if largest < bound and self.fits(largest + step) else largest
        largest = largest - step
        return largest if self.fits(largest) else quantity_floor(self.split.reducible, step)


def sizing(facts: GateInput, split: Split) -> Sizing:
    """The sizing rules as they stand once the order's reducing part is done."""
    account, limits, symbol = facts.account, facts.limits, facts.symbol
    price: Any = facts.market.reference_price
    per_unit = price * facts.instrument.multiplier
    freed = split.reducible * per_unit
    nothing = 0 * per_unit
    held = symbol.held_quantity * per_unit + symbol.opening_notional
    kept = max(held - freed, nothing)
    others: Any = symbol.user_notional
    gross: Any = account.gross_notional + account.opening_notional  # type: ignore[operator]  # one number type a call
    gross_kept = max(gross - freed, nothing)
    equity, user_equity = account.equity, symbol.user_equity
    order, usd, pct = known(limits.max_order_pct), known(limits.max_position_usd), known(limits.max_position_pct)
    user, margin, leverage = known(limits.max_user_symbol_pct), known(limits.initial_margin_pct), _leverage(facts)
    full = None if margin is None else 1
    weight = nothing if margin is None else margin
    sizes: tuple[Size, ...] = (
        Size("ORDER_NOTIONAL", nothing, nothing, per_unit, _of(order, equity), equity, order, "fraction"),
        Size("POSITION_USD", held, kept, per_unit, usd, None, usd, "usd"),
        Size("POSITION_PCT", held, kept, per_unit, _of(pct, equity), equity, pct, "fraction"),
        Size(
            "USER_SYMBOL", held + others, kept + others, per_unit, _of(user, user_equity), user_equity, user, "fraction"
        ),
        Size("LEVERAGE", gross, gross_kept, per_unit, _of(leverage, equity), equity, leverage, "times"),
        Size(
            "INITIAL_MARGIN",
            gross * weight,
            gross_kept * weight,
            per_unit * weight,
            _of(full, equity),
            equity,
            full,
            "fraction",
        ),
    )
    if account.kind == "cash" and margin is not None:  # margin is not a notion of cash accounts; leverage 1 is
        sizes = sizes[:-1]
    return Sizing(split, sizes, _power(facts, leverage), facts.tolerance.relative)


def _leverage(facts: GateInput) -> Any:
    leverage = known(facts.limits.max_leverage)
    return None if leverage is None else rule.leverage_allowed(leverage, facts.account.kind == "cash")


def _of(fraction: Any, whole: Any) -> Any:
    return None if fraction is None else fraction * whole


def _power(facts: GateInput, leverage: Any) -> Power:
    """Buying power and the terms of the reserve; unfilled exits add nothing to it."""
    account, collar = facts.account, known(facts.limits.reserve_collar_pct)
    price: Any = facts.intent.limit_price
    if price is None and collar is not None:
        reference: Any = facts.market.reference_price
        price = rule.reserve_price(reference, collar)
    power = None
    if leverage is not None and collar is not None:
        power = rule.buying_power(account.equity, leverage, account.gross_notional, account.reserved)
    return Power(power, price, facts.instrument.multiplier, facts.fee_rate, facts.fee_per_unit, facts.fee_minimum)


def size_rules(facts: GateInput, terms: Sizing) -> list[RuleResult]:
    """Judge the opening by every sizing rule."""
    opening, relative = terms.split.opening, terms.relative
    applies, name, currency = opening > 0, facts.instrument.symbol, facts.account.currency
    results = [_size_rule(size, opening, applies, relative, name, currency) for size in terms.sizes]
    if len(results) < len(SIZE_RULES) - 1:
        results.append(RuleResult("INITIAL_MARGIN", SKIP, None, None, None, None, "fraction", name, currency))
    power = terms.power
    needed = power.reserve(opening)
    results.append(
        RuleResult(
            "BUYING_POWER",
            verdict(not power.fits(opening, relative), applies),
            None,
            needed,
            power.power,
            None if power.power is None else power.power - needed,
            "usd",
            name,
            currency,
        )
    )
    return results


def _size_rule(size: Size, opening: Any, applies: bool, relative: Any, name: str, currency: str) -> RuleResult:
    code, current, base, per_unit, limit, scale, shown_limit, unit = size
    value = base + opening * per_unit
    denied = limit is None or not rule.within(value, limit, relative)
    headroom = None if limit is None else limit - value
    if scale is not None:
        if scale > 0:
            current, value = current / scale, value / scale
            headroom = None if headroom is None else headroom / scale
        else:
            current = value = headroom = None
    return RuleResult(code, verdict(denied, applies), current, value, shown_limit, headroom, unit, name, currency)
