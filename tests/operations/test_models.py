"""What the tables of operations refuse by themselves."""

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from operations.models import AuditEvent, Event, Job
from operations.services import audit_append, event_publish
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[AuditEvent, Event])
def recorded(request: pytest.FixtureRequest) -> type[Any]:
    audit_append(stream="account:1", action="act")
    event_publish(stream="account:1", kind="kind", payload={})
    return request.param


def test_a_record_cannot_be_changed(recorded: type[Any]) -> None:
    """Seen red without the migration 0002_append_only."""
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        recorded.objects.update(stream="account:2")


def test_a_record_cannot_be_deleted(recorded: type[Any]) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        recorded.objects.all().delete()


def test_a_table_of_record_cannot_be_truncated(recorded: type[Any]) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    connection.check_constraints()  # settles deferred checks, which refuse a TRUNCATE of their own
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {recorded._meta.db_table}")


def test_a_number_is_given_once_per_stream() -> None:
    event = event_publish(stream="account:1", kind="kind", payload={})
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.create(stream=event.stream, number=event.number, kind="other")


@pytest.mark.parametrize("changes", [{"progress": 1.1}, {"progress": -0.1}, {"state": "lost"}])
def test_a_job_keeps_to_its_states_and_fractions(alice: User, changes: dict[str, Any]) -> None:
    job = Job.objects.create(owner=alice, kind="backtest")
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(**changes)
