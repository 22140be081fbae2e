"""Admin: accounts and memberships audited; ledger, entries, sleeves, reserves and valuations read-only."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db import models
from django.http import HttpRequest

from operations.admin import AuditedModelAdmin, ReadOnlyModelAdmin
from operations.errors import ApplicationError
from portfolio.models import (
    Account,
    LedgerEntry,
    LedgerTransaction,
    Membership,
    Position,
    PositionEntry,
    Reserve,
    Role,
    Valuation,
)
from portfolio.services import account_archive, account_open, account_update

BALANCES = ("cash", "reserved", "net_deposits", "realised", "fees", "income", "financing")


class AccountOpenForm(forms.ModelForm):
    """What an account is opened with; the service judges the rest."""

    capital = forms.DecimalField(min_value=Decimal(0), max_digits=18, decimal_places=8, initial=Decimal(0))

    class Meta:
        model = Account
        fields = ["name", "owner", "environment", "currency", "kind", "feed"]


class MembershipInline(admin.TabularInline):
    """Traders and viewers; the owner's row is the account's own."""

    model = Membership
    extra = 0
    fields = ("user", "role")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Membership]:
        """All but the owner."""
        return super().get_queryset(request).exclude(role=Role.OWNER)

    def formfield_for_choice_field(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Offer no second owner."""
        if db_field.name == "role":
            kwargs["choices"] = [choice for choice in Role.choices if choice[0] != Role.OWNER]
        return super().formfield_for_choice_field(db_field, request, **kwargs)


@admin.register(Account)
class AccountAdmin(AuditedModelAdmin):
    """Accounts: opened by the service, renamed here, archived, never deleted; money moves in the ledger only."""

    list_display = ("name", "owner", "environment", "currency", "kind", "cash", "reserved", "archived_at")
    list_filter = ("environment", "kind", "currency")
    search_fields = ("name", "owner__username")
    actions = ("archive",)

    def get_fields(self, request: HttpRequest, obj: Account | None = None) -> Any:
        """Opening asks for capital; afterwards balances are shown."""
        opening = ("name", "owner", "environment", "currency", "kind", "feed")
        if obj is None:
            return (*opening, "capital")
        return (*opening, *BALANCES, "matched_event", "created_at", "archived_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Account | None = None) -> Any:
        """Only name and kind change by hand."""
        return (
            () if obj is None else tuple(name for name in self.get_fields(request, obj) if name not in ("name", "kind"))
        )

    def get_form(self, request: HttpRequest, obj: Account | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The opening form for a new account."""
        if obj is None:
            kwargs["form"] = AccountOpenForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Account | None = None) -> Any:
        """Members can be named once there is an account."""
        return [] if obj is None else [MembershipInline]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Accounts keep their history."""
        return False

    def audit_stream(self, obj: models.Model) -> str:
        """Changes are recorded on the account's own stream."""
        return obj.account.stream if isinstance(obj, Membership) else obj.stream  # type: ignore[attr-defined]  # an Account

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        """Open or change through the services, which audit: a whole row saved here would take balances back."""
        if change:
            saved = account_update(account_id=obj.pk, actor=request.user, name=obj.name, kind=obj.kind)
        else:
            saved = account_open(**form.cleaned_data, actor=request.user)
            obj.pk = saved.pk
        obj.refresh_from_db()
        form.audit_before = self._row(saved)

    @admin.action(description="Archive", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: models.QuerySet[Account]) -> None:
        """Put accounts away."""
        for account in queryset:
            account_archive(account_id=account.pk, actor=request.user)

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """Say what the service refused, on the form's page."""
        try:
            return super().changeform_view(request, object_id, *args, **kwargs)
        except ApplicationError as error:
            messages.error(request, error.message)
            request.method = "GET"
            return super().changeform_view(request, object_id and unquote(object_id), *args, **kwargs)


class LedgerEntryInline(admin.TabularInline):
    """The legs of a booking."""

    model = LedgerEntry
    extra = 0
    can_delete = False
    fields = ("leg", "ledger_account", "currency", "amount")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Bookings are made by the ledger."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the booking sees its legs."""
        return True


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(ReadOnlyModelAdmin):
    """Bookings."""

    list_display = ("id", "account", "kind", "source_type", "source_id", "market_time", "recorded_at")
    list_filter = ("kind",)
    list_select_related = ("account",)
    search_fields = ("source_id", "account__name")
    inlines = (LedgerEntryInline,)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyModelAdmin):
    """Legs of bookings."""

    list_display = ("transaction", "leg", "ledger_account", "currency", "amount")
    list_filter = ("ledger_account",)
    list_select_related = ("transaction",)


@admin.register(PositionEntry)
class PositionEntryAdmin(ReadOnlyModelAdmin):
    """Fills as positions fold them."""

    list_display = ("account", "instrument", "deployment_key", "quantity", "price", "fee", "realised", "executed_at")
    list_select_related = ("account", "instrument")
    search_fields = ("source", "instrument__symbol", "account__name")


@admin.register(Position)
class PositionAdmin(ReadOnlyModelAdmin):
    """Sleeves."""

    list_display = ("account", "instrument", "deployment_key", "quantity", "cost", "realised", "fees", "updated_at")
    list_select_related = ("account", "instrument")
    search_fields = ("instrument__symbol", "account__name")


@admin.register(Reserve)
class ReserveAdmin(ReadOnlyModelAdmin):
    """Reserves of orders."""

    list_display = ("account", "source", "amount", "remaining")
    list_select_related = ("account",)
    search_fields = ("source", "account__name")


@admin.register(Valuation)
class ValuationAdmin(ReadOnlyModelAdmin):
    """What accounts were worth."""

    list_display = ("account", "event_number", "phase", "session_on", "cash", "positions_value", "equity", "net_flow")
    list_filter = ("phase",)
    list_select_related = ("account",)
