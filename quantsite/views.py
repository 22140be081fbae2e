"""The pages. Each authorises, renders its frame, and leaves the data to the interface and the account socket."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views import defaults
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from backtests.selectors import backtest_get_for
from marketdata.models import Feed
from marketdata.selectors import feed_current, instrument_get, last_bar_on, tradable_symbols
from operations.errors import ApplicationError
from portfolio.models import Account, Role
from portfolio.selectors import WRITERS, account_default_for, account_get_for, accounts_for
from quantsite.selectors import may_steer_feed
from risk.selectors import may_operate
from trading.lifecycle import OrderState
from trading.selectors.owned import decision_get_for

SYMBOLS_SUGGESTED = 6
# the clock on the wall of an exchange, by its calendar; others are shown in UTC
ZONES = {
    "XNYS": "America/New_York",
    "XNAS": "America/New_York",
    "XTSE": "America/Toronto",
    "XLON": "Europe/London",
    "XETR": "Europe/Berlin",
    "XPAR": "Europe/Paris",
    "XSWX": "Europe/Zurich",
    "XTKS": "Asia/Tokyo",
    "XHKG": "Asia/Hong_Kong",
    "XASX": "Australia/Sydney",
}


def page(view: Any) -> Any:
    """A page: signed in, read only, and with the cookie that its requests send back."""
    return require_safe(ensure_csrf_cookie(login_required(view)))


def _of_account(account: Account, user: Any, name: str) -> dict[str, Any]:
    can_write = account.role in WRITERS and account.archived_at is None
    return {
        "page": name,
        "account": account,
        "can_write": can_write,
        "can_stop": can_write or may_operate(user),
        "can_operate": account.feed is not None and may_steer_feed(user, account.feed),
        "market_zone": zone_of(account.feed),
    }


def zone_of(feed: Feed | None) -> str:
    """The time zone in which a feed's market time is read."""
    return ZONES.get(feed.calendar, "UTC") if feed else "UTC"


@page
def home(request: HttpRequest) -> HttpResponse:
    """The dashboard of the person's account; a welcome when there is none."""
    try:
        return redirect("dashboard", account_default_for(request.user).pk)
    except ApplicationError:
        account = accounts_for(request.user).open().order_by("pk").first()
    if account is not None:
        return redirect("dashboard", account.pk)
    return render(request, "pages/welcome.html", {"has_market": feed_current() is not None})


@page
def dashboard(request: HttpRequest, account_id: int) -> HttpResponse:
    """One account, live."""
    account = account_get_for(request.user, account_id)
    return render(request, "pages/dashboard.html", _of_account(account, request.user, "dashboard"))


@page
def account_orders(request: HttpRequest, account_id: int) -> HttpResponse:
    """Orders and fills with filters."""
    context = _of_account(account_get_for(request.user, account_id), request.user, "orders")
    states = [(state.value, state.value.replace("_", " ").lower()) for state in OrderState]
    return render(request, "pages/orders.html", {**context, "order_states": states})


@page
def symbol(request: HttpRequest, account_id: int, symbol: str) -> HttpResponse:
    """One symbol as this account sees it."""
    context = _of_account(account_get_for(request.user, account_id), request.user, "symbol")
    return render(request, "pages/symbol.html", {**context, "symbol": instrument_get(symbol).symbol})


@page
def decision(request: HttpRequest, decision_id: int) -> HttpResponse:
    """One decision with every rule, for whoever may see its account."""
    account_id = decision_get_for(request.user, decision_id).account_id
    context = _of_account(account_get_for(request.user, account_id), request.user, "decision")
    return render(request, "pages/decision.html", {**context, "decision_id": decision_id})


@page
def account_settings(request: HttpRequest, account_id: int) -> HttpResponse:
    """The account's configuration, strategies and money."""
    account = account_get_for(request.user, account_id)
    context = _of_account(account, request.user, "settings")
    owns = account.role == Role.OWNER and account.archived_at is None
    symbols = tradable_symbols(SYMBOLS_SUGGESTED)
    return render(request, "pages/settings.html", {**context, "owns": owns, "symbols": symbols})


@page
def backtests(request: HttpRequest) -> HttpResponse:
    """The person's backtests and the form for a new one."""
    feed = feed_current()
    context = {
        "page": "backtests",
        "symbols": tradable_symbols(SYMBOLS_SUGGESTED),
        "start_on": feed.start_on if feed else None,
        "end_on": last_bar_on(),
    }
    return render(request, "pages/backtests.html", context)


@page
def backtest(request: HttpRequest, backtest_id: int) -> HttpResponse:
    """One of the person's backtests."""
    run = backtest_get_for(request.user, backtest_id)
    return render(request, "pages/backtest.html", {"page": "backtests", "backtest_id": run.pk})


@page
def jobs(request: HttpRequest) -> HttpResponse:
    """The person's background jobs."""
    return render(request, "pages/jobs.html", {"page": "jobs"})


@page
def tokens(request: HttpRequest) -> HttpResponse:
    """The person's API tokens."""
    return render(request, "pages/tokens.html", {"page": "tokens"})


@page
def notifications(request: HttpRequest) -> HttpResponse:
    """What the site has told the person."""
    return render(request, "pages/notifications.html", {"page": "notifications"})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request Django itself refuses, a foreign host name for one: in the one format for programs."""
    if request.path.startswith("/api/"):
        return JsonResponse({"code": "MALFORMED", "message": "The request cannot be read.", "context": {}}, status=400)
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours: logged, and told in the one format for programs."""
    if request.path.startswith("/api/"):
        words = "The site failed here; it is logged. Ask before you send an order again: it may stand."
        return JsonResponse({"code": "FAULT", "message": words, "context": {}}, status=500)
    return defaults.server_error(request)
