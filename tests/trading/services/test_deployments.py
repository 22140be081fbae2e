"""Deployments: made, changed while stopped, started, stopped, paused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from marketdata.models import Feed
from operations.errors import Conflict, InvalidInput
from operations.models import AuditEvent, Notification
from portfolio.models import Position
from trading.lifecycle import OrderState
from trading.models import Deployment, Evaluation, Order
from trading.services import deployment_pause, deployment_start, deployment_stop, deployment_update
from trading.services.replay import replay_step
from trading.services.send import _begin, _end, _speak


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"strategy": "nothing"}, "UNKNOWN_STRATEGY"),
        ({"symbols": []}, "NO_SYMBOLS"),
        ({"symbols": ["ZZZ"]}, "SYMBOL_UNKNOWN"),
        ({"strategy": "sma_cross", "parameters": {"fast": 9, "slow": 3}}, "BAD_PARAMETERS"),
        ({"strategy": "sma_cross", "parameters": {"pace": 9}}, "BAD_PARAMETERS"),
        ({"position_size": Decimal(0)}, "OUT_OF_RANGE"),
        ({"position_size": Decimal("NaN")}, "OUT_OF_RANGE"),
        ({"stop_loss": Decimal(1)}, "OUT_OF_RANGE"),
        ({"capital": Decimal("Infinity")}, "OUT_OF_RANGE"),
        ({"direction": "short"}, "NOT_ALLOWED_VALUE"),
        ({"on_limit": "ask"}, "NOT_ALLOWED_VALUE"),
        ({"name": "x" * 81}, "BAD_NAME"),
        ({"priority": 40_000}, "OUT_OF_RANGE"),
    ],
)
def test_what_cannot_be_meant_is_refused(deploy, terms, code):
    with pytest.raises(InvalidInput) as refusal:
        deploy(**{"start": False, **terms})
    assert refusal.value.code == code
    assert not Deployment.objects.exists()


def test_a_name_is_used_once_per_account(deploy):
    deploy(start=False)
    with pytest.raises(Conflict):
        deploy(start=False)


def test_starting_wakes_the_replay_and_starting_again_changes_nothing(world, deploy, alice):
    assert world.feed.state == Feed.State.WAITING
    deployment = deploy()
    audits = AuditEvent.objects.count()
    again = deployment_start(deployment_id=deployment.pk, actor=alice)
    assert again.state == Deployment.State.RUNNING
    assert AuditEvent.objects.count() == audits
    world.feed.refresh_from_db()
    assert world.feed.state == Feed.State.RUNNING


def test_only_a_stopped_deployment_is_changed(deploy, alice):
    deployment = deploy()
    with pytest.raises(Conflict):
        deployment_update(deployment_id=deployment.pk, changes={"priority": 3}, actor=alice)
    deployment_stop(deployment_id=deployment.pk, actor=alice)
    changed = deployment_update(deployment_id=deployment.pk, changes={"priority": 3, "symbols": ["BBB"]}, actor=alice)
    assert (changed.priority, changed.symbols) == (3, ["BBB"])
    with pytest.raises(InvalidInput, match="state"):
        deployment_update(deployment_id=deployment.pk, changes={"state": "running"}, actor=alice)


def test_nothing_starts_on_a_replay_that_has_ended(world, deploy, alice):
    deployment = deploy(start=False)
    Feed.objects.filter(pk=world.feed.pk).update(state=Feed.State.FINISHED)
    with pytest.raises(Conflict, match="ended"):
        deployment_start(deployment_id=deployment.pk, actor=alice)


def test_a_stop_cancels_entries_and_keeps_what_protects(world, deploy, day, alice):
    """Seen red by cancelling every order of the deployment."""
    holding = deploy(stop_loss=Decimal("0.5"), take_profit=None)
    day(2)
    late = deploy(name="late", symbols=["BBB"])
    day()
    entry = Order.objects.get(deployment=late, role="entry")
    assert entry.state == OrderState.WORKING
    for deployment in (holding, late):
        deployment_stop(deployment_id=deployment.pk, actor=alice)
    day(2)
    entry.refresh_from_db()
    assert (entry.state, entry.reason) == (OrderState.CANCELLED, "late was stopped.")
    assert {child.state for child in entry.children.all()} == {OrderState.VOIDED}
    assert Order.objects.get(deployment=holding, role="stop").state == OrderState.WORKING
    assert Position.objects.get(deployment_key=holding.key).quantity > 0
    evaluations = Evaluation.objects.count()
    day(2)
    assert Evaluation.objects.count() == evaluations
    assert world.fresh().reserved == 0


def test_an_entry_that_was_on_its_way_when_its_deployment_stopped_is_cancelled(world, deploy, day, alice):
    """Seen red by leaving alone what was SUBMITTING at the stop: it filled at the next open."""
    from marketdata.services import feed_advance
    from trading.services.act import account_act
    from trading.services.evaluate import evaluation_record

    deployment = deploy()
    replay_step(world.feed.pk)
    feed_advance(feed_id=world.feed.pk, number=2)
    evaluation_record(deployment_id=deployment.pk, event_number=2)
    account_act(account_id=world.account.pk, event_number=2)
    entry = Order.objects.get(role="entry")
    ticket, attempt_id, venue = _begin(entry.pk, timezone.now())
    deployment_stop(deployment_id=deployment.pk, actor=alice)
    _end(entry.pk, attempt_id, _speak(venue, ticket))
    day(2)
    entry.refresh_from_db()
    assert entry.state == OrderState.CANCELLED
    assert not Position.objects.exists()


def test_a_pause_says_why_and_only_once(deploy):
    deployment = deploy()
    for _ in range(2):
        deployment_pause(deployment_id=deployment.pk, message="Five losses in a row.", market_time=None)
    deployment.refresh_from_db()
    assert (deployment.state, deployment.message) == (Deployment.State.PAUSED, "Five losses in a row.")
    assert Notification.objects.filter(title="buy_and_hold is paused").count() == 1


def test_a_restart_adopts_the_present_target(world, deploy, day, alice):
    deployment = deploy(stop_loss=None, take_profit=None)
    day(2)
    deployment_stop(deployment_id=deployment.pk, actor=alice)
    day()
    deployment_start(deployment_id=deployment.pk, actor=alice)
    day(2)
    assert Order.objects.filter(role="entry").count() == 1, "the sleeve stands on the target's side already"
