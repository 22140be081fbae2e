"""Paper on replay equals the reference engine: same fills, prices, fees, decisions and equity.

Seen red by placing the stop of a paper bracket at the distance of its target.
"""

from __future__ import annotations

import os
from decimal import Decimal

import pytest

from backtests import engine
from backtests.config import EngineConfig, EngineDeployment
from marketdata.models import Instrument
from marketdata.selectors import feed_moment, panel_get
from portfolio.models import Valuation
from risk.selectors import limits_for
from tests.world import random_walk, world_make
from trading.models import Decision, Deployment, Evaluation, Fill
from trading.selectors import strategy_get
from trading.selectors.pictures import costs_get, instrument_facts
from trading.services import account_start, deployment_create
from trading.services.replay import replay_step
from trading.terms import Direction, OnLimit

SESSIONS = int(os.environ.get("PARITY_SESSIONS", "60"))  # docs/reliability.md tells of 500
STRATEGIES = (
    ("SMA", "sma_cross", {"fast": 3, "slow": 8}),
    ("Donchian", "donchian", {"entry": 8, "exit": 4}),
    ("RSI", "rsi_reversion", {"period": 2, "entry": 20, "exit": 60}),
)


def paper_rows(account):
    fills = Fill.objects.filter(account=account).select_related("order", "instrument").order_by("id")
    return sorted(
        (
            fill.executed_at.date(),
            "OPEN" if fill.event_number % 2 else "CLOSE",
            fill.instrument.symbol,
            fill.order.sleeve,
            str(fill.order.role),
            fill.quantity,
            fill.price,
            fill.fee,
        )
        for fill in fills
    )


def engine_run(world, sessions, number):
    """Run the engine on the account's own deployments, limits and costs over the sessions it was replayed."""
    deployments = list(Deployment.objects.filter(account=world.account))
    evaluations = Evaluation.objects.filter(deployment__account=world.account).order_by("event_number")
    first_on, last_on = evaluations.first().session_on, evaluations.last().session_on
    symbols = tuple(sorted({symbol for row in deployments for symbol in row.symbols}))
    instruments = {row.symbol: instrument_facts(row) for row in Instrument.objects.filter(symbol__in=symbols)}
    config = EngineConfig(
        first_on=first_on,
        last_on=last_on,
        capital=Decimal(100_000),
        deployments=tuple(
            EngineDeployment(
                key=row.key,
                strategy=strategy_get(row.strategy),
                symbols=tuple(row.symbols),
                parameters=row.parameters,
                name=row.name,
                priority=row.priority,
                order=row.pk,
                direction=Direction(row.direction),
                on_limit=OnLimit(row.on_limit),
                position_size=row.position_size,
                stop_loss=row.stop_loss,
                take_profit=row.take_profit,
                anchor_on=row.anchor_on,
            )
            for row in deployments
        ),
        instruments=instruments,
        limits=limits_for(world.account),
        costs=costs_get(world.account),
        kind=world.account.kind,
        ladder=True,
        number=number,
    )
    panel = panel_get(symbols=symbols, version=world.feed.dataset_version)
    return engine.run(config, panel)


def replay(world, sessions):
    account_start(account_id=world.account.pk, actor=world.account.owner)
    for _ in range(2 * sessions):
        assert replay_step(world.feed.pk)
    world.feed.refresh_from_db()
    assert feed_moment(world.feed).number == 2 * sessions


@pytest.mark.parametrize(
    ("kind", "direction", "volume", "on_limit"),
    [("cash", "long", 1_000_000, "deny"), ("margin", "both", 1_000_000, "cut"), ("cash", "long", 300, "cut")],
    ids=["cash-long-deny", "margin-both-cut", "thin-volume"],
)
def test_paper_equals_engine(lake, alice, kind, direction, volume, on_limit):
    world = world_make(alice, frame=random_walk(sessions=SESSIONS + 60, volume=volume, late=60), kind=kind)
    world.limits(max_position_pct=Decimal("0.08"), max_leverage=Decimal(2))
    for priority, (name, strategy, parameters) in enumerate(STRATEGIES):
        deployment_create(
            account_id=world.account.pk,
            name=name,
            strategy=strategy,
            parameters=parameters,
            symbols=["AAA", "BBB", "CCC"],
            priority=priority,
            direction=direction,
            on_limit=on_limit,
            actor=alice,
        )
    replay(world, SESSIONS)
    papers = paper_rows(world.account)
    assert len(papers) > 20
    for number in (Decimal, float):
        result = engine_run(world, SESSIONS, number)
        simulated = sorted(
            (*row[:5], *(Decimal(repr(value)).quantize(Decimal("1e-8")) for value in row[5:]))
            if number is float
            else row
            for row in engine.fill_rows(result)
        )
        assert simulated == papers
        values = {
            (row.session_on, str(row.phase)): row.equity
            for row in Valuation.objects.filter(account=world.account).order_by("event_number")
        }
        for session_on, phase, equity in engine.equity_rows(result):
            if (session_on, phase) in values:
                assert abs(values[session_on, phase] - Decimal(repr(float(equity)))) < Decimal("0.01")
        decided = [
            (d.evaluation.session_on, d.symbol, d.deployment.key, str(d.verdict), d.binding_rule, d.wanted)
            for d in Decision.objects.filter(account=world.account).select_related("evaluation", "deployment")
        ]
        wanted = [
            (d.session_on, d.symbol, d.sleeve, d.verdict, d.rule, Decimal(repr(float(d.wanted))))
            for d in result.decisions
            if d.verdict != "SKIPPED"
        ]
        assert sorted(decided) == sorted(wanted)
