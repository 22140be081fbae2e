"""Admin of trading: deployments are edited with versions and audit; orders, fills and decisions are looked at."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin

from operations.admin import AuditedModelAdmin, ReadOnlyModelAdmin
from operations.errors import ApplicationError
from trading.models import (
    Decision,
    Deployment,
    Evaluation,
    Fill,
    IdempotencyKey,
    Order,
    OrderEvent,
    SendAttempt,
    SymbolLatch,
)
from trading.services import deployment_create, deployment_start, deployment_stop, deployment_update
from trading.services.deployments import EDITABLE

SIZES = ("position_size", "stop_loss", "take_profit", "rebalance_band", "capital")


@admin.register(Deployment)
class DeploymentAdmin(AuditedModelAdmin, SimpleHistoryAdmin):
    """Deployments, changed while they are stopped; saving goes through the services, which audit and publish."""

    list_display = ("name", "account", "strategy", "state", "priority", "position_size", "message")
    list_filter = ("state", "strategy")
    search_fields = ("name", "account__name")
    list_select_related = ("account",)
    fieldsets = (
        (None, {"fields": ("account", "name", "strategy", "parameters", "symbols")}),
        ("Orders", {"fields": ("priority", "direction", "on_limit", *SIZES)}),
        ("Run", {"fields": ("state", "message", "anchor_on", "started_event", "targets")}),
    )
    readonly_fields = ("state", "message", "anchor_on", "started_event", "targets")
    actions = ("start_selected", "stop_selected")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A deployment stays with its account and strategy; one that runs does not move."""
        if obj is None:
            return self.readonly_fields
        running = obj.state == Deployment.State.RUNNING
        return (*self.readonly_fields, "account", "strategy", *(EDITABLE if running else ()))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its orders and decisions name it."""
        return False

    def audit_stream(self, obj: models.Model) -> str:
        """Changes are recorded with the account."""
        return obj.account.stream  # type: ignore[attr-defined]  # always a Deployment

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save through the services."""
        values = dict(form.cleaned_data)
        if change:
            saved = deployment_update(deployment_id=obj.pk, changes=values, actor=request.user) if values else obj
        else:
            account = values.pop("account")
            saved = deployment_create(account_id=account.pk, actor=request.user, **values)
        obj.__dict__.update(saved.__dict__)
        # The service has recorded the change: nothing is left for the admin to record.
        form.audit_before = self._row(type(obj)._default_manager.get(pk=obj.pk))

    @admin.action(description="Start the selected deployments", permissions=["change"])
    def start_selected(self, request: HttpRequest, queryset: QuerySet[Deployment]) -> None:
        """Start each."""
        self._each(request, queryset, deployment_start)

    @admin.action(description="Stop the selected deployments", permissions=["change"])
    def stop_selected(self, request: HttpRequest, queryset: QuerySet[Deployment]) -> None:
        """Stop each; positions and their protection stay."""
        self._each(request, queryset, deployment_stop)

    def _each(self, request: HttpRequest, queryset: QuerySet[Deployment], service: Any) -> None:
        for deployment in queryset:
            try:
                moved = service(deployment_id=deployment.pk, actor=request.user)
            except ApplicationError as error:
                self.message_user(request, f"{deployment}: {error.message}", messages.ERROR)
            else:
                self.message_user(request, f"{moved} is {moved.state}.")


class OrderEventInline(admin.TabularInline):
    """The moves of an order."""

    model = OrderEvent
    extra = 0
    fields: ClassVar = ("from_state", "to_state", "by", "reason", "market_time", "recorded_at")
    readonly_fields = fields
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds."""
        return False


@admin.register(Order)
class OrderAdmin(ReadOnlyModelAdmin):
    """Orders with their moves."""

    list_display = (
        "sequence", "account", "instrument", "side", "quantity", "filled_quantity", "order_type", "role", "state",
        "market_time",
    )  # fmt: skip
    list_filter = ("state", "role", "order_type")
    search_fields = ("id", "client_order_id", "instrument__symbol", "account__name")
    list_select_related = ("account", "instrument")
    inlines = (OrderEventInline,)


@admin.register(OrderEvent)
class OrderEventAdmin(ReadOnlyModelAdmin):
    """Moves of orders."""

    list_display = ("order", "from_state", "to_state", "by", "reason", "market_time")
    list_filter = ("to_state", "by")
    search_fields = ("order__id",)
    list_select_related = ("order",)


@admin.register(SendAttempt)
class SendAttemptAdmin(ReadOnlyModelAdmin):
    """Attempts to send."""

    list_display = ("order", "kind", "number", "outcome", "started_at", "ended_at", "detail")
    list_filter = ("kind", "outcome")
    search_fields = ("order__id",)
    list_select_related = ("order",)


@admin.register(Fill)
class FillAdmin(ReadOnlyModelAdmin):
    """Fills."""

    list_display = ("id", "account", "instrument", "quantity", "price", "fee", "realised", "venue", "executed_at")
    list_filter = ("venue",)
    search_fields = ("order__id", "trade_id", "instrument__symbol", "account__name")
    list_select_related = ("account", "instrument")


@admin.register(Decision)
class DecisionAdmin(ReadOnlyModelAdmin):
    """Decisions."""

    list_display = ("id", "account", "symbol", "verdict", "binding_rule", "wanted", "passed", "text", "market_time")
    list_filter = ("verdict", "role", "origin")
    search_fields = ("symbol", "text", "account__name")
    list_select_related = ("account",)


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyModelAdmin):
    """Evaluations."""

    list_display = ("deployment", "event_number", "session_on", "state", "intents", "message")
    list_filter = ("state",)
    search_fields = ("deployment__name",)
    list_select_related = ("deployment",)


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyModelAdmin):
    """Callers' keys."""

    list_display = ("account", "key", "order", "created_at")
    search_fields = ("key", "account__name")
    list_select_related = ("account", "order")


@admin.register(SymbolLatch)
class SymbolLatchAdmin(ReadOnlyModelAdmin):
    """Symbols that stay flat after a protective exit."""

    list_display = ("deployment", "symbol", "sign", "since_event")
    search_fields = ("symbol", "deployment__name")
    list_select_related = ("deployment",)
