"""Admin of risk: profiles and limits are edited with versions and audit; latches and exposures are looked at."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin

from operations.admin import AuditedModelAdmin, ReadOnlyModelAdmin
from operations.errors import ApplicationError
from risk.models import COSTS, AccountRisk, CapitalProfile, StopLatch, UserExposure
from risk.selectors import RISK_ROLES
from risk.services import account_risk_create, account_risk_update, emergency_stop, resume
from risk.tightness import LIMITS


@admin.register(CapitalProfile)
class CapitalProfileAdmin(AuditedModelAdmin, SimpleHistoryAdmin):
    """Capital profiles. A tighter one holds at once for every account of it; a looser one loosens none by itself."""

    editor_roles: ClassVar[frozenset[str]] = RISK_ROLES
    list_display = ("code", "name", "max_position_usd", "max_leverage", "rank")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A profile keeps its code."""
        return ("code",) if obj else ()


@admin.register(AccountRisk)
class AccountRiskAdmin(AuditedModelAdmin, SimpleHistoryAdmin):
    """Limits and costs of an account; saving goes through the services, which audit and publish."""

    editor_roles: ClassVar[frozenset[str]] = RISK_ROLES
    list_display = ("account", "profile", "max_position_usd", "max_position_pct", "max_order_pct", "ladder_level")
    list_filter = ("profile", "ladder_level")
    search_fields = ("account__name",)
    autocomplete_fields = ()
    fieldsets = (
        (None, {"fields": ("account", "profile")}),
        ("Limits", {"fields": (*LIMITS, "allowed_symbols")}),
        ("Costs of simulated trading", {"fields": tuple(COSTS)}),
        ("Ladder", {"fields": ("ladder_level", "ladder_reason", "ladder_session_on")}),
    )
    readonly_fields = ("ladder_level", "ladder_reason", "ladder_session_on")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Limits stay with their account."""
        return (*self.readonly_fields, "account") if obj else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An account without limits could open nothing, so they are never deleted."""
        return False

    def audit_stream(self, obj: models.Model) -> str:
        """Changes are recorded with the account."""
        return str(obj.account.stream)  # type: ignore[attr-defined]  # always an AccountRisk

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save through the services; who may be here may loosen."""
        values = {name: value for name, value in form.cleaned_data.items() if name != "account"}
        if change:
            saved = account_risk_update(account_id=obj.account_id, changes=values, actor=request.user, loosen=True)
        else:
            code = values.pop("profile").code
            saved = account_risk_create(account=obj.account, profile_code=code, limits=values, actor=request.user)
        obj.__dict__.update(saved.__dict__)
        # The service has recorded the change: nothing is left for the admin to record.
        form.audit_before = self._row(type(obj)._default_manager.get(pk=obj.pk))


@admin.register(StopLatch)
class StopLatchAdmin(ReadOnlyModelAdmin):
    """Stop latches; changed by the emergency stop and by a resume only."""

    list_display = ("scope_kind", "scope_key", "state", "epoch", "reason", "set_by", "set_at")
    list_filter = ("state", "scope_kind")
    actions = ("stop_selected", "resume_selected")

    @admin.action(description="Stop trading in the selected scopes", permissions=["view"])
    def stop_selected(self, request: HttpRequest, queryset: QuerySet[StopLatch]) -> None:
        """Halt each scope."""
        self._each(request, queryset, emergency_stop)

    @admin.action(description="Resume trading in the selected scopes", permissions=["view"])
    def resume_selected(self, request: HttpRequest, queryset: QuerySet[StopLatch]) -> None:
        """End the stop of each scope."""
        self._each(request, queryset, resume)

    def _each(self, request: HttpRequest, queryset: QuerySet[StopLatch], service: Any) -> None:
        for latch in queryset:
            scope = {"scope_kind": latch.scope_kind, "scope_key": latch.scope_key}
            try:
                report = service(**scope, reason="From the admin", actor=request.user)
            except ApplicationError as error:
                self.message_user(request, error.message, messages.ERROR)
                continue
            level = messages.WARNING if report.problems else messages.SUCCESS
            self.message_user(request, " ".join([f"{report.latch}: {report.status}.", *report.problems]), level)


@admin.register(UserExposure)
class UserExposureAdmin(ReadOnlyModelAdmin):
    """What people hold and have asked for over all their accounts."""

    list_display = ("owner", "environment", "currency", "instrument", "held", "reserved")
    list_filter = ("environment", "currency")
