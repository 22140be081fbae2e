"""The audited base of every room's admin: what is changed, added and deleted leaves a record."""

from typing import Any

import pytest
from django.contrib.admin.sites import AdminSite
from django.contrib.auth.models import Group
from django.test import RequestFactory

from operations.admin import AuditedModelAdmin, ReadOnlyModelAdmin
from operations.models import AuditEvent, Heartbeat
from operations.services import audit_verify, heartbeat_record

pytestmark = pytest.mark.django_db


class GroupAdmin(AuditedModelAdmin):
    editor_roles = frozenset({"risk_manager"})


@pytest.fixture
def page() -> GroupAdmin:
    return GroupAdmin(Group, AdminSite())


@pytest.fixture
def request_(dora: Any) -> Any:
    request = RequestFactory().post("/")
    request.user = dora
    return request


def save(page: GroupAdmin, request: Any, group: Group, *, change: bool, **fields: Any) -> None:
    form = page.get_form(request, group if change else None)({"name": group.name, **fields}, instance=group)
    assert form.is_valid(), form.errors
    saved = page.save_form(request, form, change)
    page.save_model(request, saved, form, change)
    page.save_related(request, form, [], change)


def test_added_changed_deleted(page: GroupAdmin, request_: Any, dora: Any) -> None:
    group = Group(name="desk")
    save(page, request_, group, change=False)
    group = Group.objects.get()
    save(page, request_, group, change=True, name="floor")
    page.delete_model(request_, Group.objects.get())
    records = AuditEvent.objects.filter(target=f"auth.group:{group.pk}").order_by("number")
    assert [(record.action, record.before, record.after) for record in records] == [
        ("auth.group.added", None, {"id": group.pk, "name": "desk", "permissions": []}),
        ("auth.group.changed", {"name": "desk"}, {"name": "floor"}),
        ("auth.group.deleted", {"id": group.pk, "name": "floor", "permissions": []}, None),
    ]
    assert {record.actor for record in records} == {dora}
    assert audit_verify() == []


def test_many_to_many_fields_are_recorded(page: GroupAdmin, request_: Any) -> None:
    """Seen red with the record made in save_model: the permissions were not written yet."""
    from django.contrib.auth.models import Permission

    permission = Permission.objects.first()
    group = Group.objects.create(name="desk")
    save(page, request_, group, change=True, permissions=[permission.pk])
    record = AuditEvent.objects.get(action="auth.group.changed")
    assert (record.before, record.after) == ({"permissions": []}, {"permissions": [str(permission.pk)]})


def test_every_row_of_a_deleted_selection_is_recorded(page: GroupAdmin, request_: Any) -> None:
    for name in ("a", "b"):
        Group.objects.create(name=name)
    page.delete_queryset(request_, Group.objects.all())
    assert AuditEvent.objects.filter(action="auth.group.deleted").count() == 2
    assert not Group.objects.exists()


def test_roles_open_the_door_to_staff_only(page: GroupAdmin, request_: Any, oscar: Any, alice: Any) -> None:
    assert page.has_change_permission(request_)
    request_.user = oscar
    assert page.has_view_permission(request_)
    assert not page.has_change_permission(request_)
    request_.user = alice
    assert not page.has_module_permission(request_)


def test_read_only_is_read_only_for_everyone(request_: Any, oscar: Any) -> None:
    heartbeat_record(name="worker")
    page = ReadOnlyModelAdmin(Heartbeat, AdminSite())
    oscar.is_superuser = True
    request_.user = oscar
    allowed = [page.has_add_permission, page.has_change_permission, page.has_delete_permission]
    assert page.has_view_permission(request_)
    assert not any(permission(request_) for permission in allowed)
