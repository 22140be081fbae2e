"""What went wrong elsewhere, each under its own name. The tests of the rooms prove the parts, and say how they were
seen red; here each incident is told once from end to end.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from marketdata.selectors import feed_event_get, feed_moment
from marketdata.services import feed_advance
from operations.errors import ApplicationError, Conflict
from operations.locks import singleton_lock
from portfolio.models import Position
from portfolio.services import ledger_verify, positions_rebuild
from risk.models import AccountRisk
from risk.services import emergency_stop
from tests.flows.test_races import together
from tests.trading.services.conftest import crashed, day, deploy, submit, venue, wish  # noqa: F401 - fixtures
from trading.brokers.base import OutcomeUnknown, Rejected
from trading.lifecycle import OrderState
from trading.models import Evaluation, Fill, Order, SendAttempt
from trading.services.cancel import order_cancel
from trading.services.dispatcher import dispatch_pending
from trading.services.evaluate import evaluation_record
from trading.services.fills import fill_record
from trading.services.match import paper_event_match
from trading.services.reconcile import fills_verify, reconcile_round
from trading.services.replay import replay_loop, replay_step
from trading.services.submit import order_submit, stop_loss_set

REST = {"kind": "LIMIT", "limit_price": "1", "time_in_force": "GTC"}


def later(seconds=60):
    return timezone.now() + timedelta(seconds=seconds)


def told(order, trade, quantity, price="50"):
    return fill_record(
        order_id=order.pk, venue="paper", venue_account=str(order.account_id), trade_id=trade,
        quantity=Decimal(quantity), price=Decimal(price), fee=Decimal(0), executed_at=timezone.now(),
    )  # fmt: skip


def clean():
    return [*ledger_verify(), *positions_rebuild(), *fills_verify()] == []


def test_duplicate_on_retry_after_a_timeout(venue, submit, day):  # noqa: F811 - fixtures
    """The client's retry finds its key, and ours finds the venue's: one order at the venue under one id."""
    day()
    made = submit(client_order_id="retry-me")
    assert submit(client_order_id="retry-me").order.pk == made.order.pk
    venue.answers = [OutcomeUnknown("read timed out")]
    dispatch_pending(wall_time=timezone.now())
    dispatch_pending(wall_time=later())
    reconcile_round(wall_time=later())
    assert venue.heard == [("submit", str(made.order.pk))]


def test_a_late_landing_of_a_dead_process_s_request(crashed, day):  # noqa: F811
    """Taken up by another process; when the dead one's answer is recorded after all, nothing moves twice."""
    from trading.services.send import Outcome, _end

    order = crashed()
    attempt = order.attempts.get()
    assert reconcile_round(wall_time=timezone.now()).resent == 1
    _end(order.pk, attempt.pk, Outcome(OrderState.WORKING, "accepted"))
    assert order.moves.filter(to_state=OrderState.WORKING).count() == 1
    day()
    order.refresh_from_db()
    assert (order.state, order.fills.count()) == (OrderState.FILLED, 1)


def test_orphan_stop_after_a_cancel_fill_race(venue, submit, day, alice):  # noqa: F811
    """The cancel of a filled order is answered "not found": it is not booked as cancelled, and its stop stays."""
    day()
    order = submit(**REST, stop_loss_price="0.50").order
    dispatch_pending(wall_time=timezone.now())
    order_cancel(order_id=order.pk, actor=alice)
    venue.cancel_answers = [Rejected("not found")]
    venue.working.clear()
    dispatch_pending(wall_time=timezone.now())
    order.refresh_from_db()
    assert order.state == OrderState.UNKNOWN
    assert order.children.get().state == OrderState.HELD, "its stop is not thrown away while it may have filled"
    told(order, "t-1", "10")
    order.refresh_from_db()
    assert order.state == OrderState.FILLED


def test_cumulative_quantity_booked_as_a_delta(submit, day):  # noqa: F811
    """Two parts of four and six are ten, not four and ten; what exceeds the order is refused by the database."""
    day()
    order = submit().order
    dispatch_pending(wall_time=timezone.now())
    told(order, "t-1", "4")
    told(order, "t-2", "6")
    order.refresh_from_db()
    assert (order.filled_quantity, Position.objects.get().quantity, order.state) == (10, 10, OrderState.FILLED)
    assert clean()


def test_fill_replayed_after_a_restart(submit, day):  # noqa: F811
    """The venue tells everything again to whoever connects."""
    day()
    order = submit().order
    day()
    fill = Fill.objects.get()
    for _ in range(2):
        fill_record(
            order_id=order.pk, venue=fill.venue, venue_account=fill.venue_account, trade_id=fill.trade_id,
            quantity=fill.quantity, price=fill.price, fee=fill.fee, executed_at=fill.executed_at,
        )  # fmt: skip
    assert Fill.objects.get() == fill
    assert Position.objects.get().quantity == 10
    assert clean()


def test_stop_re_created_and_sold_twice(world, submit, day, alice):  # noqa: F811
    """Set again and again, only the last stop works, and it never sells more than the sleeve holds."""
    day()
    submit()
    day()
    for price in ("5.00", "6.00", "7.00"):
        stop_loss_set(
            account_id=world.account.pk, symbol="AAA", stop_price=Decimal(price), actor=alice, wall_time=timezone.now()
        )
        day()
    working = Order.objects.filter(role="stop", state=OrderState.WORKING)
    assert [(order.stop_price, order.quantity) for order in working] == [(Decimal(7), -10)]
    assert Position.objects.get().quantity == 10


def test_gate_skipped_because_an_account_or_balance_was_missing(world, submit, day):  # noqa: F811
    """No limits, no trade."""
    day()
    AccountRisk.objects.filter(account=world.account).delete()
    made = submit()
    assert made.order.state == OrderState.DENIED
    assert not made.decision.passed


@pytest.mark.parametrize("name", ["max_position_pct", "max_order_pct", "max_daily_loss_pct"])
def test_nan_disables_the_risk_layer(world, submit, day, name):  # noqa: F811
    """It cannot be stored as a limit, nor asked as a quantity or a price."""
    day()
    with pytest.raises((ValidationError, ApplicationError, ValueError)), transaction.atomic():
        world.limits(**{name: Decimal("NaN")})
    for terms in ({"quantity": "NaN"}, {"quantity": "Infinity"}, {"kind": "LIMIT", "limit_price": "NaN"}):
        with pytest.raises(ApplicationError):
            submit(**terms)
    assert not Order.objects.exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="two writers at once need PostgreSQL")
def test_two_callers_both_read_an_unused_limit(world, day, alice, settings):  # noqa: F811
    """Room for one of them: one passes."""
    settings.ACCOUNT_LOCK_TIMEOUT_MS = 30_000
    day()
    world.limits(max_position_pct=Decimal("0.01"), max_order_pct=Decimal(1))

    def asked(quantity):
        return lambda: order_submit(
            account_id=world.account.pk, wish=wish(quantity=quantity), actor=alice, wall_time=timezone.now()
        )

    price = asked("1")().decision.reference_price
    size = int(Decimal(1000) / price * Decimal("0.6"))
    made = together([asked(str(size)), asked(str(size + 1))])
    assert sorted(each.order.state for each in made) == [OrderState.APPROVED, OrderState.DENIED]


def test_kill_switch_keeps_creating_orders_because_of_an_exception_in_the_switch(world, submit, day, alice, settings):  # noqa: F811
    """The latch is committed first and alone: whatever breaks after it, nothing more goes out."""
    day()
    order = submit().order
    settings.STOP_HOOKS = ["tests.flows.test_regressions.broken_hook"]
    report = emergency_stop(scope_kind="account", scope_key=str(world.account.pk), reason="Drill.", actor=alice)
    assert report.problems
    dispatch_pending(wall_time=timezone.now())
    order.refresh_from_db()
    assert order.state == OrderState.VOIDED
    assert submit(symbol="BBB").order.state == OrderState.DENIED
    assert not SendAttempt.objects.exists()


def broken_hook(*, latch):
    raise RuntimeError(f"cannot void for {latch}")


def test_two_schedulers(world, deploy, day):  # noqa: F811
    """A second loop waits, a second advance is refused, a second match finds its event done."""
    deploy()
    with singleton_lock("replay") as lease:
        assert lease
        stop = threading.Event()
        threading.Timer(0.3, stop.set).start()
        replay_loop(stop)
    world.feed.refresh_from_db()
    assert world.feed.event_number == 0
    replay_step(world.feed.pk)
    with pytest.raises(Conflict):
        feed_advance(feed_id=world.feed.pk, number=1)
    world.feed.refresh_from_db()
    event = feed_event_get(world.feed, 1)
    assert not paper_event_match(account_id=world.account.pk, event=event, feed=world.feed)


def test_a_task_executed_again_days_later(world, deploy, day):  # noqa: F811
    """The queue delivers an evaluation of a bar long gone: it decides nothing."""
    deployment = deploy("sma_cross", parameters={"fast": 3, "slow": 8})
    day(6)
    before = Order.objects.count(), Evaluation.objects.count()
    for number in (2, 6, 12):
        evaluation_record(deployment_id=deployment.pk, event_number=number)
    day(0)
    assert (Order.objects.count(), Evaluation.objects.count()) == before


def test_lot_and_tick_rejections_after_rounding(world, submit, day):  # noqa: F811
    """What is judged is what is sent: off the grid is refused at the gate, never rounded behind it."""
    day()
    part = submit(quantity="1.5")
    assert part.order.state == OrderState.DENIED
    price = submit(kind="LIMIT", limit_price="1.005")
    assert price.order.state == OrderState.DENIED
    assert not SendAttempt.objects.exists()


def test_fill_on_a_stale_price(lake, alice):
    """A symbol whose last bar is days old has no reference: an opening is denied, and nothing fills without a bar."""
    from marketdata.services import feed_wake
    from tests.world import random_walk, world_make

    frame = random_walk(sessions=60)
    times = sorted(frame["time"].unique())
    frame = frame[(frame["symbol"] != "AAA") | (frame["time"] < times[40])]
    world = world_make(alice, frame=frame)
    feed_wake(feed_id=world.feed.pk, actor=alice)
    for _ in range(8):
        replay_step(world.feed.pk)
    made = order_submit(account_id=world.account.pk, wish=wish(), actor=alice, wall_time=timezone.now())
    assert made.order.state == OrderState.DENIED
    assert not Fill.objects.exists()


def test_dst_day_closes_the_market_an_hour_early(world, deploy, day):  # noqa: F811
    """Sessions before and after the clocks change on 14 March 2010 close at four in New York: 21:00, then 20:00 UTC."""
    deploy()
    day(12)
    world.feed.refresh_from_db()
    hours = {}
    for number in range(2, world.feed.event_number + 1, 2):
        moment = feed_moment(world.feed, number)
        hours.setdefault(moment.at.hour, moment.session_on)
    assert {hour: str(on) for hour, on in hours.items()} == {21: "2010-03-03", 20: "2010-03-15"}


def test_paper_reaches_a_live_endpoint(submit, day, alice, world, settings):  # noqa: F811
    """Only paper has a venue; an account of another environment ends SKIPPED before any attempt."""
    from portfolio.services import account_open
    from risk.services import account_risk_create

    assert set(settings.BROKERS) == {"paper"}
    day()
    account = account_open(
        owner=alice, name="Venue test", environment="test", feed=world.feed, capital=Decimal(100_000), actor=alice
    )
    account_risk_create(account=account, profile_code="PAPER")
    made = order_submit(account_id=account.pk, wish=wish(), actor=alice, wall_time=timezone.now())
    dispatch_pending(wall_time=timezone.now())
    made.order.refresh_from_db()
    assert made.order.state == OrderState.SKIPPED
    assert not SendAttempt.objects.exists()


def test_http_400_for_an_order_that_was_in_fact_placed(venue, submit, day):  # noqa: F811
    """An answer that is no proof of a refusal is "unknown"; the fill that follows is booked."""
    day()
    order = submit().order
    venue.answers = [OutcomeUnknown("HTTP 400 without a reason")]
    dispatch_pending(wall_time=timezone.now())
    told(order, "t-1", "10")
    order.refresh_from_db()
    assert order.state == OrderState.FILLED
    assert clean()


def test_a_venue_s_bad_key_error_is_not_retried_for_ever(venue, submit, day):  # noqa: F811
    """A proven refusal ends the order at the first answer."""
    day()
    order = submit().order
    venue.answers = [Rejected("invalid API key")]
    for _ in range(3):
        dispatch_pending(wall_time=later())
        reconcile_round(wall_time=later())
    order.refresh_from_db()
    assert order.state == OrderState.REJECTED
    assert len(venue.heard) == 1
