"""The admin: limits saved through the services, by risk managers; latches looked at, stopped and resumed."""

from decimal import Decimal

import pytest
from django.urls import reverse

from operations.models import AuditEvent
from portfolio.services import account_open
from risk.models import AccountRisk, CapitalProfile, StopLatch
from risk.services import emergency_stop


@pytest.fixture
def form(account):
    risk = AccountRisk.objects.get(account=account)
    names = [f.name for f in AccountRisk._meta.concrete_fields if f.editable and f.name not in {"id", "account"}]
    values = {name: getattr(risk, name) for name in names} | {"profile": risk.profile_id, "allowed_symbols": "null"}
    return reverse("admin:risk_accountrisk_change", args=[risk.pk]), values


def test_a_risk_manager_edits_limits(client, account, dora, form):
    url, values = form
    client.force_login(dora)
    assert client.get(url).status_code == 200
    answer = client.post(url, values | {"max_position_pct": "0.5", "max_positions": "3"})
    assert answer.status_code == 302, answer.context["errors"]
    risk = AccountRisk.objects.get(account=account)
    assert (risk.max_position_pct, risk.max_positions) == (Decimal("0.5"), 3)
    records = AuditEvent.objects.filter(stream=account.stream, target__startswith="risk.accountrisk", actor=dora)
    assert [record.action for record in records] == ["risk.changed"]
    assert set(records[0].after) == {"max_position_pct", "max_positions"}
    assert AccountRisk.history.filter(account=account).first().history_user == dora
    assert client.get(reverse("admin:risk_accountrisk_history", args=[risk.pk])).status_code == 200


@pytest.mark.parametrize("values", [{"max_position_pct": "NaN"}, {"max_positions": "-1"}, {"allowed_symbols": '"A"'}])
def test_impossible_limits_come_back_with_the_form(client, account, dora, form, values):
    url, kept = form
    client.force_login(dora)
    answer = client.post(url, kept | values)
    assert answer.status_code == 200
    assert answer.context["errors"]


def test_others_look_or_see_nothing(client, account, alice, oscar, form):
    url, values = form
    client.force_login(oscar)
    assert client.get(url).status_code == 200
    assert client.post(url, values).status_code == 403
    client.force_login(alice)
    assert client.get(url).status_code == 302


def test_limits_are_given_in_the_admin(client, alice, feed, dora):
    account = account_open(owner=alice, name="New", feed=feed, actor=alice)
    client.force_login(dora)
    url = reverse("admin:risk_accountrisk_add")
    shown = client.get(url).context["adminform"].form
    values = {name: shown.get_initial_for_field(field, name) for name, field in shown.fields.items()}
    values = {name: "" if value is None else value for name, value in values.items()}
    values |= {"account": account.pk, "profile": CapitalProfile.objects.get(code="MICRO").pk}
    values |= {"max_position_usd": "100", "max_leverage": "1", "allowed_symbols": '["AAPL"]'}
    answer = client.post(url, values)
    assert answer.status_code == 302, answer.context["errors"]
    risk = AccountRisk.objects.get(account=account)
    assert (risk.profile.code, risk.allowed_symbols) == ("MICRO", ["AAPL"])
    assert AuditEvent.objects.filter(target=f"risk.accountrisk:{risk.pk}").count() == 1


def test_profiles_are_versioned_and_audited(client, dora):
    profile = CapitalProfile.objects.get(code="MICRO")
    client.force_login(dora)
    url = reverse("admin:risk_capitalprofile_change", args=[profile.pk])
    values = {"name": "Micro", "description": "", "rank": 1, "max_position_usd": "50", "max_leverage": "2"}
    assert client.post(url, values).status_code == 302
    assert AuditEvent.objects.filter(target=f"risk.capitalprofile:{profile.pk}", actor=dora).count() == 1
    versions = list(profile.history.order_by("history_id"))
    assert [version.max_position_usd for version in versions] == [100, 50]


def test_latches_are_changed_by_their_actions_only(client, account, dora, oscar):
    latch = emergency_stop(scope_kind="account", scope_key=str(account.pk), reason="drill", actor=oscar).latch
    client.force_login(dora)
    url = reverse("admin:risk_stoplatch_changelist")
    assert client.get(url).status_code == 200
    assert client.get(reverse("admin:risk_stoplatch_add")).status_code == 403
    for action, state in (("resume_selected", "ACTIVE"), ("stop_selected", "HALTED")):
        client.post(url, {"action": action, "_selected_action": [latch.pk]})
        assert StopLatch.objects.get(pk=latch.pk).state == state
    client.force_login(oscar)
    answer = client.post(url, {"action": "resume_selected", "_selected_action": [latch.pk]}, follow=True)
    assert "risk manager" in answer.content.decode()
    assert StopLatch.objects.get(pk=latch.pk).state == "HALTED"
