"""The admin of trading: deployments saved through the services, records looked at and never written."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django.urls import reverse

from operations.models import AuditEvent
from trading.models import Decision, Deployment, Evaluation, Fill, IdempotencyKey, Order, OrderEvent, SendAttempt
from trading.services import deployment_create, deployment_start
from trading.services.replay import replay_step
from users.services import user_create


@pytest.fixture
def ada(db):
    return user_create(username="ada", password="correct horse battery", site_role="administrator", is_staff=True)


@pytest.fixture
def deployment(world, alice):
    return deployment_create(
        account_id=world.account.pk, name="Hold", strategy="buy_and_hold", symbols=["AAA"], actor=alice
    )


def values_of(client, url):
    form = client.get(url).context["adminform"].form
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    return {
        name: json.dumps(value) if isinstance(value, list | dict) else "" if value is None else value
        for name, value in values.items()
    }


def test_an_administrator_edits_a_deployment(client, world, deployment, ada):
    client.force_login(ada)
    url = reverse("admin:trading_deployment_change", args=[deployment.pk])
    answer = client.post(url, values_of(client, url) | {"position_size": "0.03", "symbols": '["BBB"]'})
    assert answer.status_code == 302, answer.context["errors"]
    deployment.refresh_from_db()
    assert (deployment.position_size, deployment.symbols) == (Decimal("0.03"), ["BBB"])
    records = AuditEvent.objects.filter(stream=world.account.stream, actor=ada)
    assert [record.action for record in records] == ["deployment.changed"]
    assert deployment.history.first().history_user == ada
    assert client.get(reverse("admin:trading_deployment_history", args=[deployment.pk])).status_code == 200


def test_what_cannot_be_is_said_and_not_saved(client, deployment, ada):
    client.force_login(ada)
    url = reverse("admin:trading_deployment_change", args=[deployment.pk])
    answer = client.post(url, values_of(client, url) | {"symbols": '["ZZZ"]'})
    assert answer.status_code == 400
    assert "ZZZ" in answer.content.decode()
    deployment.refresh_from_db()
    assert deployment.symbols == ["AAA"]


def test_a_running_deployment_is_looked_at(client, deployment, ada, alice):
    deployment_start(deployment_id=deployment.pk, actor=alice)
    client.force_login(ada)
    url = reverse("admin:trading_deployment_change", args=[deployment.pk])
    assert values_of(client, url) == {}
    assert client.post(url, {"position_size": "0.5"}).status_code == 302
    deployment.refresh_from_db()
    assert deployment.position_size == Decimal("0.05")


def test_deployments_are_started_and_stopped_from_the_list(client, deployment, ada):
    client.force_login(ada)
    url = reverse("admin:trading_deployment_changelist")
    for action, state in (("start_selected", "running"), ("stop_selected", "stopped")):
        answer = client.post(url, {"action": action, "_selected_action": [deployment.pk]}, follow=True)
        assert f"Hold is {state}." in answer.content.decode()
        assert Deployment.objects.get().state == state


def test_a_deployment_is_made_in_the_admin(client, world, ada):
    client.force_login(ada)
    url = reverse("admin:trading_deployment_add")
    values = {"account": world.account.pk, "name": "New", "strategy": "buy_and_hold", "symbols": '["AAA"]'}
    answer = client.post(url, values_of(client, url) | values | {"position_size": "0.05"})
    assert answer.status_code == 302, answer.context["errors"]
    assert Deployment.objects.get().state == "stopped"


@pytest.mark.parametrize("model", [Order, OrderEvent, SendAttempt, Fill, Decision, Evaluation, IdempotencyKey])
def test_records_are_read_only(client, world, deployment, ada, alice, model):
    deployment_start(deployment_id=deployment.pk, actor=alice)
    for _ in range(4):
        replay_step(world.feed.pk)
    client.force_login(ada)
    name = model._meta.model_name
    assert client.get(reverse(f"admin:trading_{name}_changelist")).status_code == 200
    assert client.get(reverse(f"admin:trading_{name}_add")).status_code == 403
    row = model.objects.first()
    if row is not None:
        url = reverse(f"admin:trading_{name}_change", args=[row.pk])
        assert client.get(url).status_code == 200
        assert client.post(url, {}).status_code == 403
        assert client.post(reverse(f"admin:trading_{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
