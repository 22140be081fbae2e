"""Events, jobs, notifications, stops and health on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from operations.models import Job, Notification
from operations.serializers import Asked
from portfolio.fields import ExactDecimalField
from portfolio.models import AccountKind
from trading import events
from trading.serializers import IdField


class AccountOpenSerializer(Asked):
    """A paper account to open: the capital is its first deposit, in US dollars."""

    name = serializers.CharField(max_length=80)
    capital = ExactDecimalField()
    kind = serializers.ChoiceField(choices=AccountKind.choices, default=AccountKind.CASH)


class EventSerializer(serializers.Serializer[Any]):
    """One event message, as the socket sends it: rows to put into and drop from the snapshot's sections."""

    type = serializers.ChoiceField(choices=["event"])
    number = serializers.IntegerField()
    kind = serializers.CharField()
    market_time = serializers.CharField(allow_null=True)
    put = serializers.DictField()
    drop = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class EventsSerializer(serializers.Serializer[Any]):
    """Events after a number, at most 500, oldest first; with `more` take the snapshot instead, or ask again."""

    results = EventSerializer(many=True)
    last = serializers.IntegerField(help_text="The number of the account's last event.")
    more = serializers.BooleanField(help_text="There are more than these.")


class EventsQuery(serializers.Serializer[Any]):
    """After which number."""

    since = serializers.IntegerField(min_value=0, max_value=2**63 - 1, default=0)


class ReasonSerializer(serializers.Serializer[Any]):
    """Why; kept with the stop and in the audit trail."""

    reason = serializers.CharField(max_length=300)


class EmergencyStopSerializer(ReasonSerializer):
    """An emergency stop: HALTED refuses every strategy order that is not protective, REDUCING every opening."""

    state = serializers.ChoiceField(choices=["HALTED", "REDUCING"], default="HALTED")


class StopReportSerializer(serializers.Serializer[Any]):
    """What a stop or a resume did."""

    success = serializers.BooleanField()
    message = serializers.CharField()
    status = serializers.ChoiceField(choices=["STOPPED", "STOPPED_WITH_PROBLEMS", "DRAIN_UNCONFIRMED", "RESUMED"])
    state = serializers.CharField()
    epoch = serializers.IntegerField()
    drained = serializers.BooleanField(help_text="No send of the account is in flight.")
    problems = serializers.ListField(child=serializers.CharField())


class JobSerializer(serializers.ModelSerializer[Job]):
    """A background job."""

    class Meta:
        """Read only."""

        model = Job
        fields = [
            "id", "kind", "arguments", "state", "progress", "message", "stop_requested", "attempt", "result", "error",
            "created_at", "started_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    """A message to the person."""

    key = serializers.CharField(source="pk", read_only=True)
    at = serializers.SerializerMethodField()
    is_read = serializers.SerializerMethodField()

    class Meta:
        """Read only."""

        model = Notification
        fields = ["key", "id", "level", "title", "body", "link", "stream", "at", "is_read"]
        read_only_fields = fields

    def get_at(self, row: Notification) -> str:
        """When it was sent."""
        return str(events.instant(row.created_at))

    def get_is_read(self, row: Notification) -> bool:
        """Whether it was read."""
        return row.read_at is not None


class NotificationsReadSerializer(serializers.Serializer[Any]):
    """Which notifications were read; left out: all."""

    ids = serializers.ListField(child=IdField(), required=False, max_length=500)


class NotificationsReadAnswerSerializer(serializers.Serializer[Any]):
    """How many became read, how many are left."""

    read = serializers.IntegerField()
    unread = serializers.IntegerField()


class HealthCheckSerializer(serializers.Serializer[Any]):
    """One probe's last word."""

    name = serializers.CharField()
    status = serializers.ChoiceField(choices=["ok", "warning", "failing"])


class HealthSerializer(serializers.Serializer[Any]):
    """Whether the site is well: `degraded` is up with something to look at, `failing` is 503."""

    status = serializers.ChoiceField(choices=["ok", "degraded", "failing"])
    checks = HealthCheckSerializer(many=True)
