"""Rows into the picture the gate judges by: sleeves, marks, working orders, limits. The border is crossed here.

Everything is Decimal. The caller holds the account's lock when the picture decides anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q

from marketdata.models import Feed, Instrument
from marketdata.rounding import TOLERANCE_DECIMAL, snap
from marketdata.selectors import Quote, feed_get, feed_last_event, feed_moment, market_status_get, quotes_get
from operations.errors import Conflict
from portfolio.models import Account, Position, Valuation
from portfolio.selectors import sleeves_get, valuation_before_session
from risk.facts import InstrumentFacts, RecentFacts
from risk.models import AccountRisk
from risk.selectors import costs_terms, limits_of, risk_get, stop_state, user_exposure
from trading.costs import CostModel
from trading.lifecycle import OPEN_STATES, OrderState
from trading.models import Decision, Fill, Order
from trading.picture import AccountPicture, Mark, WorkingOrder
from trading.terms import OrderRole, OrderType

ZERO = Decimal(0)
FRESH_BARS = 1
LIVE_FRESH_S = 5
DUPLICATE_S = 2


def market_time_of(account: Account) -> datetime:
    """Return the clock of the account's feed, as of now in the database; its opening instant without a feed."""
    if account.feed_id is None:
        return account.created_at
    return Feed.objects.values_list("market_time", flat=True).get(pk=account.feed_id)


def feed_of(account: Account) -> Feed:
    """Return the feed an account follows; an account without one cannot trade."""
    if account.feed_id is None:
        raise Conflict("NO_FEED", "This account follows no market feed; nothing can be traded on it.")
    return feed_get(account.feed_id)


def instrument_facts(instrument: Instrument) -> InstrumentFacts:
    """Return the instrument as the gate is told of it."""
    return InstrumentFacts(
        symbol=instrument.symbol,
        known=True,
        currency=instrument.currency,
        tick=instrument.tick,
        step=instrument.step,
        minimum_quantity=instrument.minimum_quantity,
        multiplier=instrument.multiplier,
        tradable=instrument.tradable,
    )


def costs_get(account: Account) -> CostModel:
    """Return the cost model the account is simulated with."""
    return costs_of(risk_get(account))


def costs_of(risk: AccountRisk | None) -> CostModel:
    """Return the cost model of a limits row; none where an account has no limits, and cannot trade."""
    return CostModel() if risk is None else CostModel(**costs_terms(risk))


def sleeve_quantities(account: Account, instrument: Instrument) -> dict[str, Decimal]:
    """Return the signed quantity of each sleeve of one instrument."""
    rows = Position.objects.filter(account=account, instrument=instrument).exclude(quantity=0)
    return dict(rows.values_list("deployment_key", "quantity"))


def bar_volume_used(account: Account, instrument: Instrument, event_number: int) -> Decimal:
    """Return what this bar's OPEN has already given the account of the bar's volume."""
    if event_number % 2:
        return ZERO
    fills = Fill.objects.filter(account=account, instrument=instrument, event_number=event_number - 1)
    return sum((abs(quantity) for quantity in fills.values_list("quantity", flat=True)), ZERO)


def day_start_get(account: Account, session_on: date | None) -> tuple[Decimal | None, Decimal]:
    """Return equity at the previous session's close and the flows since; a new account's starts with its capital."""
    before: Valuation | None = None if session_on is None else valuation_before_session(account, session_on)
    if before is None:
        return account.net_deposits, ZERO
    return before.equity, account.net_deposits - before.net_deposits


def marks_for_account(account: Account, event: Any) -> dict[int, Decimal]:
    """Return the price of everything the account holds at one event of its feed."""
    held = {sleeve.instrument_id: sleeve.instrument for sleeve in sleeves_get(account)}
    if not held:
        return {}
    bars = event.bars
    phase_open = event.phase == "OPEN"
    marks = {key: (bars[key].open if phase_open else bars[key].close) for key in held if key in bars}
    missing = [held[key] for key in held if key not in marks]
    if missing:
        feed = feed_of(account)
        feed.event_number = event.number
        marks |= {key: quote.price for key, quote in quotes_get(instruments=missing, feed=feed).items()}
    return marks


@dataclass(frozen=True, slots=True)
class Reading:
    """One account read once: its feed, sleeves, working orders, quotes and limits, and the picture made of them.

    ``epochs`` are the stop epochs the picture was made under, by sleeve; the account's own under the empty key.
    """

    feed: Feed | None
    held: list[Position]
    orders: list[Order]
    quotes: dict[int, Quote]
    risk: AccountRisk | None
    picture: AccountPicture
    epochs: dict[str, int]


def picture_get(account: Account, **wanted: Any) -> AccountPicture:
    """Return the account as the gate must see it; see ``account_read``."""
    return account_read(account, **wanted).picture


def account_read(
    account: Account,
    *,
    instruments: Iterable[Instrument] = (),
    sleeves: Iterable[str] = (),
    recent: RecentFacts | None = None,
    wall_time: datetime | None = None,
    feed: Feed | None = None,
) -> Reading:
    """Read the account, marked at its feed's clock.

    ``instruments`` are wanted besides those held and worked; ``sleeves`` are the deployment keys whose own stop
    levels matter; ``feed`` saves reading it again.
    """
    held = sleeves_get(account)
    known: dict[int, Instrument] = {row.instrument_id: row.instrument for row in held}
    known |= {instrument.pk: instrument for instrument in instruments}
    orders = working_orders(account, known)
    if feed is None and account.feed_id is not None:
        feed = feed_get(account.feed_id)
    quotes = {} if feed is None or not known else quotes_get(instruments=list(known.values()), feed=feed)
    risk = risk_get(account)
    stop = stop_state(account=account, risk=risk)
    picture = AccountPicture(
        environment=account.environment,
        kind=account.kind,
        currency=account.currency,
        cash=account.cash,
        reserved=account.reserved,
        limits=limits_of(risk),
        costs=costs_of(risk),
        tolerance=TOLERANCE_DECIMAL,
        zero=ZERO,
        sleeves={(row.instrument.symbol, row.deployment_key): row.quantity for row in held},
        marks={known[key].symbol: _mark(quote, feed, wall_time) for key, quote in quotes.items()},
        instruments={instrument.symbol: instrument_facts(instrument) for instrument in known.values()},
        working={order.id: working_order(order) for order in orders},
        stop_level=stop.level,
        stop_reasons=stop.reasons,
        session_open=_session_open(feed),
        recent=recent or RecentFacts(),
    )
    _day_fill(picture, account, feed)
    _user_fill(picture, account, list(known.values()))
    epochs = {"": stop.epoch}
    for key in sleeves:
        own = stop_state(account=account, deployment_key=key, risk=risk)
        picture.sleeve_stops[key], epochs[key] = (own.level, own.reasons), own.epoch
    return Reading(feed, held, orders, quotes, risk, picture, epochs)


def working_orders(account: Account, known: dict[int, Instrument]) -> list[Order]:
    """Return the account's orders that have not ended, as they were made; their instruments join ``known``."""
    orders = list(Order.objects.filter(account=account, state__in=OPEN_STATES).order_by("sequence"))
    if missing := {order.instrument_id for order in orders} - known.keys():
        known |= Instrument.objects.in_bulk(missing)
    for order in orders:
        order.instrument = known[order.instrument_id]
    return orders


def working_order(order: Order) -> WorkingOrder:
    """Return one row as the picture knows it; the opening part and the reserve shrink as it fills."""
    share = abs(order.remaining) / abs(order.quantity)
    return WorkingOrder(
        key=order.id,
        symbol=order.instrument.symbol,
        sleeve=order.sleeve,
        quantity=order.remaining,
        opening=min(order.opening, abs(order.remaining)),
        reserve=snap(order.reserved * share),
        order_type=OrderType(order.order_type),
        role=OrderRole(order.role),
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        protective=order.protective,
        pair=order.parent_id,
        held=order.state == OrderState.HELD and order.parent_id is not None and order.replaces_id is None,
        triggered=order.triggered,
    )


def recent_get(account: Account, *, wall_time: datetime, twin: dict[str, Any]) -> RecentFacts:
    """Return how fast people and programs have been asking, and whether this is their last wish again."""
    asked = Decision.objects.filter(
        account=account, origin="person", recorded_at__gt=wall_time - timedelta(seconds=60)
    ).aggregate(minute=Count("pk"), second=Count("pk", filter=Q(recorded_at__gt=wall_time - timedelta(seconds=1))))
    twins = Order.objects.filter(
        account=account, origin="person", created_at__gt=wall_time - timedelta(seconds=DUPLICATE_S), **twin
    ).exclude(state=OrderState.DENIED)
    return RecentFacts(orders_last_second=asked["second"], orders_last_minute=asked["minute"], duplicate=twins.exists())


def _mark(quote: Quote, feed: Feed | None, wall_time: datetime | None) -> Mark:
    if quote.bars_old is not None:
        return Mark(quote.price, quote.bars_old <= FRESH_BARS)
    young = wall_time is not None and quote.as_of >= wall_time - timedelta(seconds=LIVE_FRESH_S)
    return Mark(quote.price, young)


def _session_open(feed: Feed | None) -> bool:
    """Return whether an order may be taken: a replay takes them while it has bars, a DAY order for the next session."""
    if feed is None:
        return False
    if feed.kind == Feed.Kind.REPLAY:
        return feed.event_number < feed_last_event(feed)
    return market_status_get(calendar=feed.calendar, at=feed.market_time) is not None


def _day_fill(picture: AccountPicture, account: Account, feed: Feed | None) -> None:
    session_on = feed_moment(feed).session_on if feed is not None and feed.kind == Feed.Kind.REPLAY else None
    picture.day_start_equity, picture.day_flows = day_start_get(account, session_on)


def _user_fill(picture: AccountPicture, account: Account, instruments: list[Instrument]) -> None:
    """The user's other accounts of this environment and currency: what they hold, and what all are worth."""
    others = list(
        Account.objects.filter(
            owner_id=account.owner_id,
            environment=account.environment,
            currency=account.currency,
            archived_at__isnull=True,
        )
        .exclude(pk=account.pk)
        .values_list("pk", flat=True)
    )
    if not others:
        return
    exposure = user_exposure(account=account, instruments=instruments)
    own: dict[str, Decimal] = {}
    for (symbol, _), quantity in picture.sleeves.items():
        own[symbol] = own.get(symbol, ZERO) + abs(quantity)
    for order in picture.working.values():
        own[order.symbol] = own.get(order.symbol, ZERO) + order.opening
    for instrument in instruments:
        elsewhere = max(exposure.get(instrument.pk, ZERO) - own.get(instrument.symbol, ZERO), ZERO)
        picture.user_notional[instrument.symbol] = elsewhere * picture.unit_value(instrument.symbol)
    equity = picture.equity()
    for other in Account.objects.filter(pk__in=others):
        last = Valuation.objects.filter(account=other).order_by("event_number").last()
        equity += last.equity if last is not None else other.cash
    picture.user_equity = equity
