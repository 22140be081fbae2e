"""Audit, events, notifications, jobs, probes: what their services promise."""

import datetime
import threading
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
import structlog
import time_machine
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from operations import selectors, services
from operations.errors import InvalidInput, NotFound
from operations.models import AuditEvent, AuditStream, Event, Job, Notification, ProbeResult
from operations.probes import Reading, Status
from tests.operations.lifting import triggers_lifted
from users.models import User

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2026, 3, 2, 15, 0, tzinfo=datetime.UTC)


# Audit


def test_an_audit_record_says_who_what_before_after_and_which_request(alice: User) -> None:
    with structlog.contextvars.bound_contextvars(request_id="request-17"):
        event = services.audit_append(
            stream="account:1",
            action="risk.limit_changed",
            actor=alice,
            target="risk.accountrisk:1",
            before={"max_order_pct": Decimal("0.05")},
            after={"max_order_pct": 0.1, "at": NOW},
            market_time=NOW,
        )
    event.refresh_from_db()
    assert (event.number, event.actor, event.actor_name, event.request_id) == (1, alice, "alice", "request-17")
    assert event.before == {"max_order_pct": "0.05"}
    assert event.after == {"max_order_pct": "0.1", "at": "2026-03-02T15:00:00.000000Z"}
    assert services.audit_verify() == []


def test_streams_are_numbered_apart_and_opened_on_the_site_stream() -> None:
    numbers = [
        services.audit_append(stream=name, action="act").number for name in ("account:1", "account:2", "account:1")
    ]
    assert numbers == [1, 1, 2]
    opened = AuditEvent.objects.filter(stream="site").values_list("action", "target")
    assert sorted(opened) == [("audit.stream_opened", "account:1"), ("audit.stream_opened", "account:2")]


def test_an_append_goes_with_its_transaction() -> None:
    services.audit_append(stream="account:1", action="kept")
    with transaction.atomic():
        services.audit_append(stream="account:1", action="lost")
        transaction.set_rollback(True)
    assert services.audit_append(stream="account:1", action="next").number == 2
    assert services.audit_verify() == []


@pytest.mark.parametrize(
    "tamper",
    [
        lambda rows: rows.filter(number=2).update(after={"n": 3}),
        lambda rows: rows.filter(number=2).update(actor_name="mallory"),
        lambda rows: rows.filter(number=2).update(recorded_at=NOW),
        lambda rows: rows.filter(number=2).delete(),
        lambda rows: rows.filter(number=3).delete(),
        lambda rows: rows.all().delete(),
        lambda rows: AuditStream.objects.filter(stream="account:1").delete(),
        lambda rows: (rows.all().delete(), AuditStream.objects.filter(stream="account:1").delete()),
        lambda rows: (
            rows.filter(number=3).delete(),
            AuditStream.objects.filter(stream="account:1").update(last_number=2, last_code=rows.get(number=2).code),
        ),
        lambda rows: (
            rows.filter(number=1).update(number=9),
            rows.filter(number=2).update(number=1),
            rows.filter(number=9).update(number=2),
        ),
        lambda rows: AuditEvent.objects.create(
            stream="account:1",
            number=4,
            action="forged",
            recorded_at=NOW,
            previous=rows.get(number=3).code,
            code="0" * 64,
        ),
    ],
    ids=["change", "actor", "instant", "delete", "tail", "all", "head", "stream", "tail-and-head", "reorder", "insert"],
)
def test_tampering_is_found(tamper: Callable[[Any], Any]) -> None:
    """Seen red for `stream` without the opening record on the site stream, for `actor` with a code over less."""
    for number in (1, 2, 3):
        services.audit_append(stream="account:1", action="act", after={"n": number})
    assert services.audit_verify() == []
    with triggers_lifted(connection):
        tamper(AuditEvent.objects.filter(stream="account:1"))
    assert services.audit_verify()
    assert {found.stream for found in services.audit_verify()} == {"account:1"}


def test_verify_with_another_key_fails(settings: Any) -> None:
    services.audit_append(stream="account:1", action="act")
    settings.AUDIT_KEY = "another key of more than thirty-two characters"
    assert services.audit_verify(stream="account:1")


def test_audit_verify_command_says_what_is_broken() -> None:
    services.audit_append(stream="account:1", action="act")
    out, err = StringIO(), StringIO()
    call_command("audit_verify", stdout=out)
    assert "holds" in out.getvalue()
    AuditStream.objects.filter(stream="account:1").delete()
    with pytest.raises(CommandError) as failure:
        call_command("audit_verify", "--stream", "account:1", stderr=err)
    assert failure.value.returncode == 1
    assert "account:1 #1: the head of the stream is missing" in err.getvalue()


# Events


class Layer:
    """Collects what is pushed; raises when told to."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.sent: list[tuple[str, dict[str, Any]]] = []

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if self.failure:
            raise self.failure
        self.sent.append((group, message))


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch) -> Layer:
    found = Layer()
    monkeypatch.setattr("operations.services.push.get_channel_layer", lambda: found)
    return found


def test_events_are_numbered_per_stream_and_pushed_on_commit(
    layer: Layer, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        services.event_publish(
            stream="account:1", kind="a", payload={"put": {"cash": Decimal("1.50")}}, market_time=NOW
        )
        services.event_publish(stream="account:2", kind="b", payload={})
        services.event_publish(stream="account:1", kind="c", payload={})
        assert layer.sent == []
    assert [(group, message["number"], message["kind"]) for group, message in layer.sent] == [
        ("account.1", 1, "a"),
        ("account.2", 1, "b"),
        ("account.1", 2, "c"),
    ]
    assert layer.sent[0][1]["payload"] == {"put": {"cash": "1.5"}}
    assert layer.sent[0][1]["type"] == "stream.event"
    assert selectors.event_last_number("account:1") == 2
    assert selectors.event_last_number("account:9") == 0


def test_a_rolled_back_event_leaves_no_gap_and_pushes_nothing(
    layer: Layer, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        services.event_publish(stream="account:1", kind="kept", payload={})
        with transaction.atomic():
            services.event_publish(stream="account:1", kind="lost", payload={})
            transaction.set_rollback(True)
        services.event_publish(stream="account:1", kind="next", payload={})
    assert [message["kind"] for _, message in layer.sent] == ["kept", "next"]
    assert [event.number for event in selectors.events_since(stream="account:1", number=0)] == [1, 2]


def test_a_failing_layer_breaks_nothing(layer: Layer, django_capture_on_commit_callbacks: Callable[..., Any]) -> None:
    """Seen red without the except in _push: the caller's commit raised."""
    layer.failure = ConnectionError("no redis")
    with django_capture_on_commit_callbacks(execute=True):
        services.event_publish(stream="account:1", kind="a", payload={})
    assert Event.objects.count() == 1


def test_events_since() -> None:
    for number in range(1, 6):
        services.event_publish(stream="account:1", kind=f"k{number}", payload={})
    found = selectors.events_since(stream="account:1", number=2, limit=2)
    assert [event.kind for event in found] == ["k3", "k4"]
    assert selectors.events_since(stream="account:1", number=5) == []


def test_a_notification_reaches_its_person_and_its_stream(layer: Layer, alice: User, bob: User) -> None:
    sent = services.notification_send(
        user=alice, level="warning", title="Limit", body="5 of 8 %", stream="account:1", link="/accounts/1/"
    )
    assert list(selectors.notifications_for(alice)) == [sent]
    assert list(selectors.notifications_for(bob)) == []
    (event,) = selectors.events_since(stream="account:1", number=0)
    (row,) = event.payload["put"]["notifications"]
    assert (event.kind, row["key"], row["title"], row["level"]) == ("notification", str(sent.pk), "Limit", "warning")
    assert services.notifications_read(user=bob) == 0
    assert services.notifications_read(user=alice, ids=[sent.pk]) == 1
    assert not selectors.notifications_for(alice, unread=True).exists()


def test_a_notification_without_stream_publishes_nothing(alice: User) -> None:
    services.notification_send(user=alice, level="info", title="Hello", body="")
    assert Event.objects.count() == 0
    with pytest.raises(InvalidInput):
        services.notification_send(user=alice, level="loud", title="Hello", body="")
    assert Notification.objects.count() == 1


# Jobs


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str], str]]:
    messages: list[tuple[str, list[str], str]] = []

    def send_task(name: str, args: list[str], queue: str, retry: bool) -> None:
        messages.append((name, args, queue))

    monkeypatch.setattr("operations.services.jobs.current_app.send_task", send_task)
    return messages


@pytest.fixture
def job(alice: User, settings: Any) -> Job:
    settings.JOB_KINDS = {"backtest": {"task": "backtests.tasks.backtest_execute", "queue": "compute"}}
    return services.job_create(owner=alice, kind="backtest", arguments={"capital": Decimal("100000")})


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def test_a_job_is_sent_on_commit(
    alice: User, sent: list[Any], settings: Any, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    settings.JOB_KINDS = {"backtest": {"task": "a.task", "queue": "compute"}}
    with django_capture_on_commit_callbacks(execute=True):
        job = services.job_create(owner=alice, kind="backtest", arguments={"capital": Decimal("1.5")})
        assert sent == []
    assert sent == [("a.task", [str(job.pk)], "compute")]
    assert job.arguments == {"capital": "1.5"}
    with pytest.raises(InvalidInput):
        services.job_create(owner=alice, kind="mining", arguments={})


def test_a_broker_that_is_down_leaves_the_row_for_the_sweep(
    alice: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Callable[..., Any], settings: Any
) -> None:
    settings.JOB_KINDS = {"backtest": {"task": "a.task", "queue": "compute"}}

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr("operations.services.jobs.current_app.send_task", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        services.job_create(owner=alice, kind="backtest", arguments={})
    assert Job.objects.get().state == Job.State.PENDING


def test_a_job_is_claimed_once(job: Job) -> None:
    """Seen red with get-then-save: the second delivery ran it again."""
    claimed = services.job_claim(job_id=job.pk)
    assert claimed is not None
    assert (claimed.state, claimed.attempt) == ("running", 1)
    assert services.job_claim(job_id=str(job.pk)) is None
    assert services.job_claim(job_id=uuid.uuid4()) is None


def test_progress_never_goes_back_and_stays_within_one(job: Job) -> None:
    services.job_claim(job_id=job.pk)
    for fraction, kept in ((0.4, 0.4), (0.2, 0.4), (7, 1.0)):
        assert services.job_progress(job_id=job.pk, fraction=fraction, message="bars") is True
        job.refresh_from_db()
        assert (job.progress, job.message) == (kept, "bars")


def test_a_running_job_hears_of_the_stop(job: Job) -> None:
    services.job_claim(job_id=job.pk)
    assert services.job_stop_request(job_id=job.pk) is True
    assert services.job_progress(job_id=job.pk, fraction=0.5) is False
    assert services.job_stopped(job_id=job.pk) is True
    job.refresh_from_db()
    assert (job.state, job.is_final) == ("stopped", True)
    assert services.job_stop_request(job_id=job.pk) is False


def test_a_pending_job_is_stopped_at_once(job: Job) -> None:
    assert services.job_stop_request(job_id=job.pk) is True
    assert services.job_claim(job_id=job.pk) is None
    assert Job.objects.get().state == "stopped"


def test_a_job_ends_once(job: Job) -> None:
    assert services.job_succeed(job_id=job.pk, result={}) is False
    services.job_claim(job_id=job.pk)
    assert services.job_succeed(job_id=job.pk, result={"equity": Decimal("1.50")}) is True
    assert services.job_fail(job_id=job.pk, error="late") is False
    job.refresh_from_db()
    assert (job.state, job.result, job.progress, job.error) == ("succeeded", {"equity": "1.5"}, 1.0, "")


def test_a_failed_job_says_why(job: Job) -> None:
    services.job_claim(job_id=job.pk)
    assert services.job_fail(job_id=job.pk, error="No data for XYZ.") is True
    assert Job.objects.get().error == "No data for XYZ."


def test_a_lost_engine_is_replaced_and_fenced_out(
    clock: Any, job: Job, sent: list[Any], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    """Seen red without the attempt number: the lost engine finished its successor's job."""
    first = services.job_claim(job_id=job.pk)
    clock.shift(29)
    assert services.jobs_requeue_lost() == 0
    clock.shift(2)
    with django_capture_on_commit_callbacks(execute=True):
        assert services.jobs_requeue_lost() == 1
        assert services.jobs_requeue_lost() == 0
    assert len(sent) == 1
    second = services.job_claim(job_id=job.pk)
    assert first is not None
    assert second is not None
    assert (first.attempt, second.attempt) == (1, 2)
    assert services.job_progress(job_id=job.pk, fraction=0.9, attempt=1) is False
    assert services.job_succeed(job_id=job.pk, result={}, attempt=1) is False
    assert services.job_succeed(job_id=job.pk, result={}, attempt=2) is True


def test_a_heartbeat_keeps_a_job(clock: Any, job: Job) -> None:
    services.job_claim(job_id=job.pk)
    for _ in range(3):
        clock.shift(20)
        assert services.job_progress(job_id=job.pk) is True
        assert services.jobs_requeue_lost() == 0


def test_a_pending_job_is_sent_again_every_thirty_seconds(
    clock: Any, job: Job, sent: list[Any], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    for shift, total in ((31, 1), (5, 1), (26, 2)):
        clock.shift(shift)
        with django_capture_on_commit_callbacks(execute=True):
            services.jobs_requeue_lost()
        assert len(sent) == total


def test_a_job_that_kills_its_workers_ends(clock: Any, job: Job) -> None:
    for _ in range(5):
        assert services.job_claim(job_id=job.pk)
        clock.shift(31)
        services.jobs_requeue_lost()
    job.refresh_from_db()
    assert (job.state, job.error) == ("failed", "The worker was lost 5 times.")


def test_a_lost_job_that_should_stop_is_stopped(clock: Any, job: Job) -> None:
    services.job_claim(job_id=job.pk)
    services.job_stop_request(job_id=job.pk)
    clock.shift(31)
    assert services.jobs_requeue_lost() == 0
    assert Job.objects.get().state == "stopped"


def test_a_job_is_its_owners(job: Job, alice: User, bob: User) -> None:
    assert selectors.job_get_for(alice, job.pk) == job
    assert selectors.job_get_for(alice, str(job.pk)) == job
    for user, key in ((bob, job.pk), (alice, uuid.uuid4()), (alice, "x")):
        with pytest.raises(NotFound):
            selectors.job_get_for(user, key)


# Signs of life


def test_heartbeats(clock: Any) -> None:
    assert selectors.heartbeat_age("dispatcher") is None
    services.heartbeat_record(name="dispatcher", detail="1 in flight")
    clock.shift(12)
    assert selectors.heartbeat_age("dispatcher") == 12.0
    services.heartbeat_record(name="dispatcher")
    assert selectors.heartbeat_age("dispatcher") == 0.0


def probe_fine() -> Reading:
    return Reading("Fine", Status.OK, "very")


def probe_raising() -> Reading:
    raise RuntimeError("broken pipe")


def probe_lying() -> str:
    return "all good"


def test_probes_are_read_and_kept(settings: Any) -> None:
    settings.HEALTH_PROBES = [f"{__name__}.probe_{name}" for name in ("fine", "raising", "lying", "absent")]
    services.probes_run()
    services.probes_run()
    found = {result.path.rpartition("_")[2]: (result.status, result.detail) for result in ProbeResult.objects.all()}
    assert found["fine"] == ("ok", "very")
    assert found["raising"] == ("failing", "RuntimeError: broken pipe")
    assert found["lying"][0] == found["absent"][0] == "failing"
    settings.HEALTH_PROBES = settings.HEALTH_PROBES[:1]
    services.probes_run()
    assert ProbeResult.objects.count() == 1


def test_clear_cache_command() -> None:
    cache.set("a", 1)
    out = StringIO()
    call_command("clear_cache", stdout=out)
    assert cache.get("a") is None
    assert "empty" in out.getvalue()


# Races, where rows can be locked


def in_threads(count: int, work: Callable[[int], None]) -> list[Exception]:
    failures: list[Exception] = []

    def run(number: int) -> None:
        try:
            work(number)
        except Exception as error:  # noqa: BLE001 - reported to the test
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@pytest.mark.django_db(transaction=True)
def test_concurrent_writers_leave_no_gap_and_no_fork() -> None:
    """Seen red without the lock on the head: two records followed the same one."""
    if connection.vendor != "postgresql":
        pytest.skip("rows are locked on PostgreSQL; SQLite runs one writing transaction at a time")

    def work(number: int) -> None:
        for _ in range(5):
            with transaction.atomic():
                services.audit_append(stream="account:1", action="act", after={"n": number})
            with transaction.atomic():
                services.event_publish(stream="account:1", kind="k", payload={"n": number})

    assert in_threads(8, work) == []
    assert [event.number for event in selectors.events_since(stream="account:1", number=0)] == list(range(1, 41))
    assert services.audit_verify() == []


@pytest.mark.django_db(transaction=True)
def test_concurrent_deliveries_claim_a_job_once(alice: User, settings: Any, sent: list[Any]) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("rows are locked on PostgreSQL; SQLite runs one writing transaction at a time")
    settings.JOB_KINDS = {"backtest": {"task": "a.task", "queue": "compute"}}
    job = services.job_create(owner=alice, kind="backtest", arguments={})
    claims: list[Any] = []
    assert in_threads(8, lambda number: claims.append(services.job_claim(job_id=job.pk))) == []
    assert sum(claim is not None for claim in claims) == 1
