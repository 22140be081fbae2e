"""The act step: once per bar, one fault stops one deployment, what was stopped decides nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from marketdata.services import feed_advance
from operations.models import Notification
from portfolio.models import Position
from risk.services import emergency_stop, resume
from tests.flows.test_parity import engine_run, paper_rows
from trading.models import Decision, Deployment, Evaluation, Order
from trading.services import deployment_stop
from trading.services.act import account_act
from trading.services.evaluate import evaluation_record
from trading.services.replay import replay_step


def close_reached(world):
    """Stand at the first CLOSE with nothing evaluated yet."""
    replay_step(world.feed.pk)
    feed_advance(feed_id=world.feed.pk, number=2)


def test_acting_twice_acts_once(world, deploy):
    """Seen red by leaving evaluations RECORDED."""
    deployment = deploy()
    close_reached(world)
    evaluation_record(deployment_id=deployment.pk, event_number=2)
    assert account_act(account_id=world.account.pk, event_number=2) == 1
    events = world.fresh().pk, Order.objects.count(), Decision.objects.count()
    assert account_act(account_id=world.account.pk, event_number=2) == 0
    assert (world.fresh().pk, Order.objects.count(), Decision.objects.count()) == events
    assert Evaluation.objects.get().intents == 1


def test_a_deployment_stopped_after_its_evaluation_decides_nothing(world, deploy, alice):
    """Seen red by acting on every recorded evaluation, whatever its deployment's state."""
    stopped, other = deploy(), deploy(name="other", symbols=["BBB"])
    close_reached(world)
    for deployment in (stopped, other):
        evaluation_record(deployment_id=deployment.pk, event_number=2)
    deployment_stop(deployment_id=stopped.pk, actor=alice)
    assert account_act(account_id=world.account.pk, event_number=2) == 1
    assert set(Decision.objects.values_list("deployment", flat=True)) == {other.pk}
    assert not Order.objects.filter(deployment=stopped).exists()
    assert set(Evaluation.objects.values_list("state", flat=True)) == {Evaluation.State.ACTED}


def test_an_intent_that_cannot_be_written_down_stops_its_deployment_alone(world, deploy, day):
    """Seen red without the savepoint around each intent."""
    wrong = deploy("weight", name="wrong", parameters={"weight": 1e13}, priority=1)
    right = deploy(symbols=["BBB"], priority=2)
    day(2)
    wrong.refresh_from_db()
    right.refresh_from_db()
    assert wrong.state == Deployment.State.FAILED
    assert wrong.message.startswith("AAA: ")
    assert Notification.objects.filter(title="wrong is failed").exists()
    assert right.state == Deployment.State.RUNNING
    assert Position.objects.get(deployment_key=right.key).quantity > 0
    assert not Order.objects.filter(deployment=wrong).exists()


def test_what_a_limit_cut_from_a_weight_is_asked_again(world, deploy, day):
    """Seen red by not storing what is to be asked again."""
    world.limits(max_position_pct=Decimal("0.02"), max_order_pct=Decimal(1))
    deployment = deploy("weight", parameters={"weight": 0.06}, stop_loss=None, take_profit=None, on_limit="cut")
    day(2)
    before = Position.objects.get(deployment_key=deployment.key).quantity
    assert Decision.objects.get().verdict == "CUT"
    assert Evaluation.objects.order_by("event_number").first().again == ["AAA"]
    world.limits(max_position_pct=Decimal("0.5"))
    day(2)
    after = Position.objects.get(deployment_key=deployment.key).quantity
    assert after > before * 2
    decisions = Decision.objects.count()
    day(3)
    assert Decision.objects.count() == decisions


@pytest.mark.parametrize("direction", ["both"])
def test_two_deployments_on_one_symbol_on_opposite_sides(lake, alice, settings, direction):
    """Each has its own sleeve, limits see both, and the engine does the same. Seen red by netting the sleeves."""
    from tests.trading.services.strategies import OURS
    from tests.world import world_make
    from trading.services import deployment_create, deployment_start

    settings.STRATEGIES = [*settings.STRATEGIES, *OURS]
    world = world_make(alice, kind="margin")
    world.limits(max_position_pct=Decimal("0.08"), max_leverage=Decimal(2))
    for priority, strategy in enumerate(("buy_and_hold", "always_short")):
        made = deployment_create(
            account_id=world.account.pk, name=strategy, strategy=strategy, symbols=["AAA"], priority=priority,
            direction=direction, stop_loss=None, take_profit=None, actor=alice,
        )  # fmt: skip
        deployment_start(deployment_id=made.pk, actor=alice)
    for _ in range(10):
        replay_step(world.feed.pk)
    long, short = Position.objects.order_by("deployment_key")
    assert long.quantity > 0 > short.quantity
    cut = Decision.objects.get(deployment__name="always_short")
    assert (cut.verdict, cut.binding_rule) == ("CUT", "POSITION_PCT")
    from backtests import engine

    assert sorted(engine.fill_rows(engine_run(world, 5, Decimal))) == paper_rows(world.account)


def test_a_halted_account_evaluates_and_its_intents_end_stopped(world, deploy, day, alice):
    deployment = deploy()
    emergency_stop(scope_kind="account", scope_key=str(world.account.pk), reason="Drill.", actor=alice)
    day(2)
    assert Evaluation.objects.filter(deployment=deployment).count() == 2
    assert set(Decision.objects.values_list("verdict", flat=True)) == {"STOPPED"}
    assert not Order.objects.exists()
    resume(scope_kind="account", scope_key=str(world.account.pk), reason="Over.", actor=alice)
    day(2)
    assert not Order.objects.exists(), "a level that did not change is not asked for again"


def test_a_symbol_listed_later_joins_when_it_is_listed(lake, alice, settings):
    from tests.world import random_walk, world_make
    from trading.services import deployment_create, deployment_start

    world = world_make(alice, frame=random_walk(late=44))
    made = deployment_create(
        account_id=world.account.pk, name="Hold", strategy="buy_and_hold", symbols=["AAA", "CCC"], actor=alice
    )
    deployment_start(deployment_id=made.pk, actor=alice)
    asked = {}
    for _ in range(14):
        replay_step(world.feed.pk)
        for symbol, event in Decision.objects.values_list("symbol", "event_number"):
            asked.setdefault(symbol, event)
    assert asked == {"AAA": 2, "CCC": 10}
    assert Deployment.objects.get().state == Deployment.State.RUNNING
