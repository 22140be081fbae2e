"""Admin of operations, and the two bases every room's admin builds on.

`AuditedModelAdmin` records every change with before and after. `ReadOnlyModelAdmin` shows and
changes nothing. Both let staff in by site role, beside Django's own permissions.
"""

from typing import Any, ClassVar

from django.contrib import admin
from django.db import models, transaction
from django.http import HttpRequest

from operations.events import SITE
from operations.models import AuditEvent, Event, Heartbeat, Job, Notification, ProbeResult
from operations.services import audit_append


class RoleAdmin(admin.ModelAdmin):
    """Staff of a site role named here may view, or change, besides those whom Django's permissions let in."""

    viewer_roles: ClassVar[frozenset[str]] = frozenset({"risk_manager", "operator", "administrator"})
    editor_roles: ClassVar[frozenset[str]] = frozenset({"administrator"})

    def has_module_permission(self, request: HttpRequest) -> bool:
        return super().has_module_permission(request) or _is_one_of(request, self.viewer_roles | self.editor_roles)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or _is_one_of(request, self.viewer_roles | self.editor_roles)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) or _is_one_of(request, self.editor_roles)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) or _is_one_of(request, self.editor_roles)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) or _is_one_of(request, self.editor_roles)


class AuditedModelAdmin(RoleAdmin):
    """Every row added, changed or deleted here leaves an audit record with the fields that differ."""

    audit_exclude: ClassVar[frozenset[str]] = frozenset({"password", "last_login"})

    def audit_stream(self, obj: models.Model) -> str:
        """The stream a change of `obj` is recorded on; rooms answer their account's."""
        return SITE

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        stored = type(obj)._default_manager.filter(pk=obj.pk).first() if change else None
        form.audit_before = self._row(stored) if stored else None
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        # Here, and not in save_model: many-to-many fields are written in between.
        stored = type(form.instance)._default_manager.get(pk=form.instance.pk)
        self.audit_record(request, stored, before=form.audit_before, after=self._row(stored))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        before = {item.instance.pk: self._stored_row(item.instance) for item in formset.forms if item.instance.pk}
        super().save_formset(request, form, formset, change)
        for obj in [*formset.new_objects, *(obj for obj, _ in formset.changed_objects)]:
            self.audit_record(request, obj, before=before.get(obj.pk), after=self._stored_row(obj))
        for obj in formset.deleted_objects:
            row = {name: value for name, value in self._row(obj).items() if name != "id"}
            self.audit_record(request, obj, before=row, after=None)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            self.audit_record(request, obj, before=self._row(obj), after=None)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        with transaction.atomic():
            for obj in queryset:
                self.audit_record(request, obj, before=self._row(obj), after=None)
            super().delete_queryset(request, queryset)

    def audit_record(
        self, request: HttpRequest, obj: models.Model, *, before: dict[str, Any] | None, after: dict[str, Any] | None
    ) -> None:
        """Append what differs between two rows; nothing when nothing does."""
        verb = "added" if before is None else "deleted" if after is None else "changed"
        if before is not None and after is not None:
            names = [name for name in after if before.get(name) != after[name]]
            if not names:
                return
            before, after = ({name: row.get(name) for name in names} for row in (before, after))
        audit_append(
            stream=self.audit_stream(obj),
            action=f"{obj._meta.label_lower}.{verb}",
            actor=request.user,
            target=f"{obj._meta.label_lower}:{obj.pk}",
            before=before,
            after=after,
        )

    def _stored_row(self, obj: models.Model) -> dict[str, Any] | None:
        stored = type(obj)._default_manager.filter(pk=obj.pk).first()
        return self._row(stored) if stored else None

    def _row(self, obj: models.Model) -> dict[str, Any]:
        row = {
            field.name: _plain(field, obj)
            for field in obj._meta.concrete_fields
            if field.name not in self.audit_exclude
        }
        if obj.pk is not None:
            row |= {
                field.name: sorted(str(key) for key in getattr(obj, field.name).values_list("pk", flat=True))
                for field in obj._meta.many_to_many
            }
        return row


class ReadOnlyModelAdmin(RoleAdmin):
    """Rows of record: shown, searched, never written."""

    editor_roles: ClassVar[frozenset[str]] = frozenset()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyModelAdmin):
    """The audit chain."""

    list_display = ("stream", "number", "action", "actor_name", "target", "recorded_at", "request_id")
    list_filter = ("action",)
    search_fields = ("stream", "action", "actor_name", "target", "request_id")
    date_hierarchy = "recorded_at"


@admin.register(Event)
class EventAdmin(ReadOnlyModelAdmin):
    """Numbered events."""

    list_display = ("stream", "number", "kind", "market_time", "recorded_at")
    list_filter = ("kind",)
    search_fields = ("stream", "kind")


@admin.register(Job)
class JobAdmin(ReadOnlyModelAdmin):
    """Background work."""

    list_display = ("id", "kind", "owner", "state", "progress", "attempt", "created_at", "finished_at")
    list_filter = ("kind", "state")


@admin.register(Notification)
class NotificationAdmin(ReadOnlyModelAdmin):
    """Messages to people."""

    list_display = ("user", "level", "title", "stream", "created_at", "read_at")
    list_filter = ("level",)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyModelAdmin):
    """Signs of life."""

    list_display = ("name", "beat_at", "detail")


@admin.register(ProbeResult)
class ProbeResultAdmin(ReadOnlyModelAdmin):
    """Readings of the health probes."""

    list_display = ("name", "status", "detail", "checked_at")
    list_filter = ("status",)


def _is_one_of(request: HttpRequest, roles: frozenset[str]) -> bool:
    user = request.user
    return bool(user.is_active and user.is_staff and getattr(user, "site_role", "") in roles)


def _plain(field: Any, obj: models.Model) -> Any:
    value = field.value_from_object(obj)
    return field.value_to_string(obj) if isinstance(field, models.FileField) else value
