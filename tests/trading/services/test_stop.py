"""An emergency stop voids what was not sent, leaves what protects, and a resume sends nothing of it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from portfolio.models import Position
from risk.services import emergency_stop, resume
from trading.lifecycle import OrderState
from trading.models import Order, SendAttempt
from trading.services.dispatcher import dispatch_pending
from trading.services.submit import position_close
from trading.terms import OnLimit


def scope(world, kind="account"):
    return {"scope_kind": kind, "scope_key": "" if kind == "everything" else str(world.account.pk)}


@pytest.mark.parametrize("kind", ["account", "everything"])
def test_unsent_is_void_and_stays_so_after_the_resume(world, submit, day, alice, dora, kind):
    """Seen red by comparing the stop state alone at the send: after the resume it was ACTIVE again."""
    day()
    order = submit(stop_loss_price="1").order
    report = emergency_stop(**scope(world, kind), reason="Drill.", actor=dora)
    assert report.status == "STOPPED"
    order.refresh_from_db()
    assert (order.state, order.ended_by) == (OrderState.VOIDED, "policy")
    assert order.children.get().state == OrderState.VOIDED
    assert world.fresh().reserved == 0
    resume(**scope(world, kind), reason="Over.", actor=dora)
    dispatch_pending(wall_time=timezone.now())
    day(2)
    assert not SendAttempt.objects.exists()
    assert not Position.objects.exists()


def test_what_protects_stays_and_still_works(world, submit, day, alice):
    day()
    submit(stop_loss_price="1", take_profit_price="9999")
    day()
    emergency_stop(**scope(world), reason="Drill.", actor=alice)
    day()
    assert set(Order.objects.filter(protective=True).values_list("state", flat=True)) == {OrderState.WORKING}


def test_a_person_closes_while_halted(world, submit, day, alice):
    day()
    submit()
    day()
    emergency_stop(**scope(world), reason="Drill.", actor=alice)
    denied = submit(symbol="BBB")
    assert (denied.order.state, denied.decision.verdict) == (OrderState.DENIED, "STOPPED")
    position_close(account_id=world.account.pk, symbol="AAA", actor=alice, wall_time=timezone.now())
    day()
    assert Position.objects.get().quantity == 0


@pytest.mark.parametrize(
    ("quantity", "terms"), [("-4", {}), ("-10", {}), ("-40", {}), ("-40", {"on_limit": OnLimit.CUT})]
)
def test_a_plain_sell_of_what_is_held_passes_while_halted(world, submit, day, alice, quantity, terms):
    """Seen red without the flag: the gate let the reduction pass, and the dispatcher voided it as halted."""
    day()
    submit()
    day()
    emergency_stop(**scope(world), reason="Drill.", actor=alice)
    sold = submit(quantity=quantity, **terms).order
    assert sold.reduce_only
    day()
    sold.refresh_from_db()
    assert sold.state == OrderState.FILLED
    assert Position.objects.get().quantity == 10 + max(int(quantity), -10)


def test_another_account_s_unsent_orders_are_left_alone(world, submit, day, alice):
    from tests.trading.services.conftest import wish
    from tests.world import account_make
    from trading.services.submit import order_submit

    day()
    other = account_make(alice, world.feed, name="Other")
    submit()
    kept = order_submit(account_id=other.pk, wish=wish("BBB"), actor=alice, wall_time=timezone.now()).order
    emergency_stop(**scope(world), reason="Drill.", actor=alice)
    kept.refresh_from_db()
    assert kept.state == OrderState.APPROVED
    dispatch_pending(wall_time=timezone.now())
    kept.refresh_from_db()
    assert kept.state == OrderState.WORKING
