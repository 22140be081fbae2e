"""One symbol as an account sees it: bars up to its feed's clock, signals, fills, position, working orders."""

from __future__ import annotations

from typing import Any

import numpy as np

from marketdata.bars import Panel
from marketdata.selectors import feed_current, feed_get, history_get, instrument_get
from operations.errors import NotFound
from portfolio.models import Account
from trading import events
from trading.lifecycle import OPEN_STATES
from trading.models import Evaluation, Fill, Order
from trading.selectors.snapshot import View

BARS = 1000
SIGNALS = 1000
ROWS = 200


def symbol_get(account: Account, symbol: str) -> dict[str, Any]:
    """Return everything the symbol's page draws; bars are numbers of the lake, the account's rows are exact text."""
    instrument = instrument_get(symbol)
    feed = feed_current() if account.feed_id is None else feed_get(account.feed_id)
    view = View(account)
    owner = {"account": account.pk}
    orders = Order.objects.filter(account=account, instrument=instrument).select_related("instrument")
    fills = Fill.objects.filter(account=account, instrument=instrument).select_related("instrument", "order")
    position = next((row for row in view.position_rows() if row["symbol"] == symbol), None)
    return {
        "symbol": symbol,
        "name": instrument.name,
        "currency": instrument.currency,
        "market_time": events.instant(feed.market_time) if feed else None,
        "bars": _bars(symbol, feed),
        "signals": _signals(view, symbol),
        "fills": [view.fill_row(fill) | owner for fill in fills.order_by("-id")[:ROWS]],
        "position": position,
        "orders": [view.order_row(order) | owner for order in _working_first(orders)],
    }


def _bars(symbol: str, feed: Any) -> list[dict[str, Any]]:
    try:
        panel = history_get(symbol=symbol, feed=feed)
    except NotFound:
        return []
    return _bar_rows(panel.rows(max(0, len(panel) - BARS), len(panel)))


def _bar_rows(panel: Panel) -> list[dict[str, Any]]:
    names = ("open", "high", "low", "close", "volume")
    columns = [np.asarray(getattr(panel, name)[:, 0]).tolist() for name in names]
    return [
        {"time": day.isoformat(), **dict(zip(names, values, strict=True))}
        for day, *values in zip(panel.times.tolist(), *columns, strict=True)
    ]


def _signals(view: View, symbol: str) -> list[dict[str, Any]]:
    """Each time a deployment's target for the symbol changed, or an event strategy asked for a trade in it."""
    rows = Evaluation.objects.filter(deployment__account=view.account).exclude(changes=[], signals=[])
    found = []
    for evaluation in rows.order_by("-id").iterator(chunk_size=500):
        target = _target(evaluation, symbol)
        if target is not None:
            name = view.names.get(evaluation.deployment_id, "")
            at = events.instant(evaluation.market_time)
            found.append(
                {"time": at, "target": target, "deployment": evaluation.deployment_id, "deployment_name": name}
            )
        if len(found) == SIGNALS:
            break
    return found[::-1]


def _target(evaluation: Evaluation, symbol: str) -> str | None:
    if symbol in evaluation.changes:
        level = evaluation.row.get(symbol)
        return None if level is None else f"{level:g}"
    wishes = [signal for signal in evaluation.signals if signal.get("symbol") == symbol]
    actions = {"BUY": "1", "SELL": "-1"}
    return actions.get(wishes[-1].get("action")) if wishes else None


def _working_first(orders: Any) -> list[Order]:
    """What still works, then the newest of the rest."""
    working = list(orders.filter(state__in=OPEN_STATES).order_by("-sequence")[:ROWS])
    return working + list(orders.exclude(state__in=OPEN_STATES).order_by("-sequence")[: ROWS - len(working)])
