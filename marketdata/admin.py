"""The market room in the admin: instruments editable within limits, everything else to look at."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from marketdata import services
from marketdata.models import DatasetVersion, Feed, IngestRun, Instrument, QuarantinedBar
from operations.errors import ApplicationError


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that the site writes and nobody edits."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes."""
        return False


@admin.register(Instrument)
class InstrumentAdmin(admin.ModelAdmin):
    """Instruments; what stored bars depend on is fixed. Saving goes through the service, which audits."""

    list_display = ["symbol", "exchange", "name", "kind", "currency", "calendar", "tick", "last_bar_on", "tradable"]
    list_filter = ["kind", "exchange", "currency", "calendar", "tradable"]
    search_fields = ["symbol", "name"]
    readonly_fields = ["first_bar_on", "last_bar_on", "created_at"]
    editable = ("name", "kind", "tick", "step", "minimum_quantity", "tradable")

    def get_readonly_fields(self, request: HttpRequest, obj: Instrument | None = None) -> list[str]:
        """What identifies an instrument, and what its bars depend on, is set once."""
        fixed = ["symbol", "exchange", "currency", "calendar", "multiplier"] if obj else []
        return [*fixed, *self.readonly_fields]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes."""
        return False

    def save_model(self, request: HttpRequest, obj: Instrument, form: Any, change: bool) -> None:
        """Save through the service."""
        names = self.editable if change else (*self.editable, "currency", "calendar", "multiplier")
        fields = {name: form.cleaned_data[name] for name in names if name in form.cleaned_data}
        saved = services.instrument_upsert(symbol=obj.symbol, exchange=obj.exchange, actor=request.user, **fields)
        obj.pk = saved.pk
        obj.refresh_from_db()


@admin.register(DatasetVersion)
class DatasetVersionAdmin(ReadOnlyAdmin):
    """Versions of the lake."""

    list_display = ["table_version", "interval", "provider", "rows", "symbols", "first_on", "last_on", "created_at"]


@admin.register(IngestRun)
class IngestRunAdmin(ReadOnlyAdmin):
    """Reports of ingests."""

    list_display = [
        "started_at",
        "provider",
        "source",
        "state",
        "rows_read",
        "rows_inserted",
        "rows_updated",
        "rows_quarantined",
    ]
    list_filter = ["state", "provider"]


@admin.register(QuarantinedBar)
class QuarantinedBarAdmin(ReadOnlyAdmin):
    """Rows that were set aside."""

    list_display = ["run", "row", "symbol", "time", "reason"]
    list_filter = ["run__provider"]
    search_fields = ["symbol"]
    list_select_related = ["run"]


@admin.register(Feed)
class FeedAdmin(ReadOnlyAdmin):
    """Feeds; pausing and resuming are actions."""

    list_display = ["name", "kind", "state", "speed", "event_number", "market_time", "start_on", "is_current"]
    list_filter = ["kind", "state"]
    actions = ["pause", "resume"]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether this person may move feeds."""
        return request.user.has_perm("marketdata.change_feed")

    @admin.action(description="Pause the selected replays", permissions=["operate"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Feed]) -> None:
        """Pause each, saying why where it cannot be."""
        self._each(request, queryset, services.feed_pause)

    @admin.action(description="Resume the selected replays", permissions=["operate"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Feed]) -> None:
        """Resume each, saying why where it cannot be."""
        self._each(request, queryset, services.feed_resume)

    def _each(self, request: HttpRequest, queryset: QuerySet[Feed], act: Any) -> None:
        for feed in queryset:
            try:
                moved = act(feed_id=feed.pk, actor=request.user)
            except ApplicationError as error:
                self.message_user(request, error.message, messages.WARNING)
            else:
                self.message_user(request, f"{moved.name} is {moved.state}.", messages.SUCCESS)
