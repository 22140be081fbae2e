"""Evaluations: one row per deployment and bar, what a strategy raises stops it alone, event strategies rebuilt."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection

from marketdata.services import feed_advance, instrument_upsert
from operations.models import Notification
from portfolio.models import Position
from tests.flows.test_parity import engine_run, paper_rows
from tests.flows.test_races import together
from tests.trading.services.strategies import Watching
from trading.models import Decision, Deployment, Evaluation, Order
from trading.services import deployment_stop
from trading.services.evaluate import evaluation_fail, evaluation_record, evaluations_owed
from trading.services.replay import replay_step


def close_reached(world):
    replay_step(world.feed.pk)
    feed_advance(feed_id=world.feed.pk, number=2)
    world.feed.refresh_from_db()


def test_an_evaluation_is_recorded_once(world, deploy):
    deployment = deploy()
    close_reached(world)
    assert evaluations_owed(world.feed) == [deployment]
    first = evaluation_record(deployment_id=deployment.pk, event_number=2)
    again = evaluation_record(deployment_id=deployment.pk, event_number=2)
    assert (first.pk, first.targets) == (again.pk, {"AAA": 1.0})
    assert evaluations_owed(world.feed) == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="two writers at once need PostgreSQL")
def test_two_workers_at_once_record_one_row(world, deploy):
    """All get the row of the first, and nobody pauses the deployment for having come second."""
    deployment = deploy()
    close_reached(world)
    calls = [lambda: evaluation_record(deployment_id=deployment.pk, event_number=2) for _ in range(8)]
    assert len({each.pk for each in together(calls)}) == 1
    assert Evaluation.objects.count() == 1
    deployment.refresh_from_db()
    assert deployment.state == Deployment.State.RUNNING


def test_a_raising_strategy_stops_itself_alone_and_is_shown(world, deploy, day):
    bad, good = deploy("raising", priority=1), deploy(symbols=["BBB"], priority=2)
    day(3)
    bad.refresh_from_db()
    good.refresh_from_db()
    assert bad.state == Deployment.State.FAILED
    assert "RuntimeError: the model has no weights" in bad.message
    assert Evaluation.objects.get(deployment=bad).state == Evaluation.State.FAILED
    notice = Notification.objects.get(title="raising is failed")
    assert notice.user == world.account.owner
    assert "the model has no weights" in notice.body
    assert good.state == Deployment.State.RUNNING
    assert Evaluation.objects.filter(deployment=good, state=Evaluation.State.ACTED).count() == 3
    assert Position.objects.get(deployment_key=good.key).quantity > 0


@pytest.mark.django_db(transaction=True)
def test_a_slow_strategy_keeps_nobody_from_writing(world, deploy):
    """Seen red by asking within the transaction of the row: on SQLite that is the one writer of the whole site."""
    Watching.within.clear()
    deployment = deploy("watching")
    close_reached(world)
    assert evaluation_record(deployment_id=deployment.pk, event_number=2).targets == {"AAA": 1.0}
    assert Watching.within == [False]


def test_a_symbol_without_bars_stops_its_deployment_alone(world, deploy, day):
    """An instrument somebody entered before its bars were ingested."""
    instrument_upsert(symbol="ZZZ")
    bad, good = deploy(name="bad", symbols=["AAA", "ZZZ"], priority=1), deploy(symbols=["BBB"], priority=2)
    day(2)
    bad.refresh_from_db()
    good.refresh_from_db()
    assert bad.state == Deployment.State.FAILED
    assert "ZZZ" in bad.message
    assert good.state == Deployment.State.RUNNING
    assert Order.objects.filter(deployment=good).exists()


def test_a_failed_bar_is_not_evaluated_late(world, deploy):
    """Who answers after the bar was given up finds its row and changes nothing."""
    deployment = deploy()
    close_reached(world)
    evaluation_fail(deployment_id=deployment.pk, event_number=2, message="too late")
    late = evaluation_record(deployment_id=deployment.pk, event_number=2)
    assert (late.state, late.message, late.targets) == (Evaluation.State.FAILED, "too late", {})


def test_a_stopped_deployment_is_not_evaluated(world, deploy, alice):
    deployment = deploy()
    close_reached(world)
    deployment_stop(deployment_id=deployment.pk, actor=alice)
    assert evaluation_record(deployment_id=deployment.pk, event_number=2) is None
    assert not Evaluation.objects.exists()


def test_an_event_strategy_is_rebuilt_from_its_anchor_and_equals_the_engine(world, deploy, day):
    """Nothing is kept between bars but rows. Seen red by leaving its own fills out: it never sold."""
    deploy("crossing", symbols=["AAA", "BBB", "CCC"], on_limit="deny")
    day(40)
    from backtests import engine

    papers = paper_rows(world.account)
    assert {row[4] for row in papers} >= {"entry", "exit"}
    deployment = Deployment.objects.get()
    assert deployment.anchor_on is not None
    assert Evaluation.objects.exclude(signals=[]).exists()
    assert not Decision.objects.exclude(verdict="ALLOW").exclude(verdict="DENY").exists()
    assert sorted(engine.fill_rows(engine_run(world, 40, Decimal))) == papers
