"""The admin of people: audited, and without secrets."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse

from operations.models import AuditEvent
from operations.services import audit_append, audit_verify, event_publish
from tests.users.conftest import PASSWORD
from users.models import ApiToken, User
from users.services import token_create, user_create

pytestmark = pytest.mark.django_db


def fields_of(user: User, **changes: str) -> dict[str, str]:
    joined = user.date_joined
    return {
        "username": user.username,
        "email": user.email,
        "first_name": "",
        "last_name": "",
        "site_role": user.site_role,
        "is_active": "on",
        "date_joined_0": joined.strftime("%Y-%m-%d"),
        "date_joined_1": joined.strftime("%H:%M:%S"),
        "last_login_0": "",
        "last_login_1": "",
        **changes,
    }


def test_a_change_leaves_before_and_after(admin_page: Client, administrator: User, alice: User) -> None:
    address = reverse("admin:users_user_change", args=[alice.pk])
    User.objects.filter(pk=alice.pk).update(date_joined=alice.date_joined.replace(microsecond=0))
    alice.refresh_from_db()
    response = admin_page.post(address, fields_of(alice, site_role="risk_manager"))
    assert response.status_code == 302, response.context["adminform"].form.errors
    record = AuditEvent.objects.get(action="users.user.changed")
    assert (record.actor, record.target) == (administrator, f"users.user:{alice.pk}")
    assert (record.before, record.after) == ({"site_role": "member"}, {"site_role": "risk_manager"})
    assert audit_verify() == []


def test_saving_without_a_change_leaves_nothing(admin_page: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(date_joined=alice.date_joined.replace(microsecond=0))
    alice.refresh_from_db()
    admin_page.post(reverse("admin:users_user_change", args=[alice.pk]), fields_of(alice))
    assert not AuditEvent.objects.filter(action="users.user.changed").exists()


def test_adding_a_person_is_audited_without_the_password(admin_page: Client) -> None:
    body = {
        "username": "carol",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "site_role": "member",
    }
    response = admin_page.post(reverse("admin:users_user_add"), body)
    assert response.status_code == 302, response.context["adminform"].form.errors
    record = AuditEvent.objects.get(
        action="users.user.added", target=f"users.user:{User.objects.get(username='carol').pk}"
    )
    assert record.before is None
    assert record.after["username"] == "carol"
    assert "password" not in record.after


def test_setting_a_password_is_audited(admin_page: Client, alice: User) -> None:
    body = {"usable_password": "true", "password1": PASSWORD + "2", "password2": PASSWORD + "2"}
    response = admin_page.post(reverse("admin:auth_user_password_change", args=[alice.pk]), body)
    assert response.status_code == 302
    assert AuditEvent.objects.filter(action="users.user.password_set", target=f"users.user:{alice.pk}").exists()
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD + "2")


def test_nobody_is_deleted(admin_page: Client, alice: User) -> None:
    assert admin_page.post(reverse("admin:users_user_delete", args=[alice.pk]), {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=alice.pk).exists()


@pytest.mark.parametrize(
    "model",
    [
        "operations_auditevent",
        "operations_event",
        "operations_job",
        "operations_notification",
        "operations_heartbeat",
        "operations_proberesult",
        "users_apitoken",
        "users_loginevent",
    ],
)
def test_records_can_be_read_and_not_written(admin_page: Client, model: str) -> None:
    assert admin_page.get(reverse(f"admin:{model}_changelist")).status_code == 200
    assert admin_page.get(reverse(f"admin:{model}_add")).status_code == 403


def test_a_record_opens_without_a_save_button(admin_page: Client) -> None:
    record = audit_append(stream="account:1", action="act", after={"a": 1})
    event = event_publish(stream="account:1", kind="k", payload={})
    for name, row in (("auditevent", record), ("event", event)):
        page = admin_page.get(reverse(f"admin:operations_{name}_change", args=[row.pk]))
        assert page.status_code == 200
        assert 'name="_save"' not in page.content.decode()
        assert admin_page.post(reverse(f"admin:operations_{name}_delete", args=[row.pk])).status_code == 403


def test_the_digest_of_a_token_is_not_shown_and_it_can_be_revoked(admin_page: Client, alice: User) -> None:
    token, _ = token_create(user=alice, name="bot", scopes=["read"], expires_in=datetime.timedelta(days=1))
    page = admin_page.get(reverse("admin:users_apitoken_change", args=[token.pk])).content.decode()
    assert "bot" in page
    assert token.digest not in page
    assert token.token_key not in page
    body = {"action": "revoke", "_selected_action": [token.pk]}
    admin_page.post(reverse("admin:users_apitoken_changelist"), body)
    assert ApiToken.objects.get().revoked_at is not None


@pytest.mark.parametrize(
    ("role", "is_staff", "sees_audit", "sees_users"),
    [
        ("operator", True, True, True),
        ("risk_manager", True, True, False),
        ("member", True, False, False),
        ("operator", False, False, False),
    ],
)
def test_staff_see_what_their_role_may(role: str, is_staff: bool, sees_audit: bool, sees_users: bool) -> None:
    client = Client()
    client.force_login(user_create(username="eve", password=PASSWORD, site_role=role, is_staff=is_staff))
    audit = client.get(reverse("admin:operations_auditevent_changelist")).status_code == 200
    users = client.get(reverse("admin:users_user_changelist")).status_code == 200
    assert (audit, users) == (sees_audit, sees_users)


def test_an_operator_changes_nobody(alice: User) -> None:
    client = Client()
    client.force_login(user_create(username="oscar", password=PASSWORD, site_role="operator", is_staff=True))
    body = fields_of(alice, is_superuser="on")
    assert client.post(reverse("admin:users_user_change", args=[alice.pk]), body).status_code == 403
    assert client.get(reverse("admin:auth_user_password_change", args=[alice.pk])).status_code == 403
