"""The emergency stop: latch, drain, hooks, the strictest scope, and who may resume."""

import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from operations.errors import Conflict, InvalidInput, NotAllowed, NotFound
from operations.locks import stop_barrier_shared
from operations.models import AuditEvent, Event
from risk.facts import StopLevel
from risk.models import AccountRisk, StopLatch
from risk.selectors import scope_keys_for, stop_state
from risk.services import emergency_stop, latch_set, resume

CALLS = []


def hook(*, latch):
    CALLS.append((latch.scope_kind, latch.state, StopLatch.objects.get(pk=latch.pk).state))
    return "2 orders voided"


def broken_hook(*, latch):
    raise RuntimeError("the hook is broken")


HOOK, BROKEN = f"{__name__}.hook", f"{__name__}.broken_hook"


@pytest.fixture(autouse=True)
def _calls():
    CALLS.clear()


def stop(account, actor, **changes):
    terms = {"scope_kind": "account", "scope_key": str(account.pk), "reason": "too hot", "actor": actor} | changes
    return emergency_stop(**terms)


def go_on(account, actor, **changes):
    terms = {"scope_kind": "account", "scope_key": str(account.pk), "reason": "cooled down", "actor": actor} | changes
    return resume(**terms)


def test_the_latch_is_set_drained_audited_and_told(account, alice):
    report = stop(account, alice)
    assert (report.status, report.drained, report.problems) == ("STOPPED", True, ())
    state = stop_state(account=account)
    assert (state.level, state.epoch) == (StopLevel.HALTED, 1)
    assert state.reasons == ("the account is stopped (too hot)",)
    record = AuditEvent.objects.get(stream=account.stream, action="risk.latch")
    assert (record.actor, record.before["state"], record.after["state"]) == (alice, "ACTIVE", "HALTED")
    event = Event.objects.get(stream=account.stream, kind="risk.stopped")
    assert event.payload["put"]["risk"]["state"] == "HALTED"


def test_the_epoch_shows_a_stop_even_after_the_resume(account, alice):
    """Red with the epoch raised by stops only: an order approved between stop and resume looked as new as one after."""
    before = stop_state(account=account).epoch
    stop(account, alice)
    assert go_on(account, alice).status == "RESUMED"
    after = stop_state(account=account)
    assert (after.level, after.reasons) == (StopLevel.ACTIVE, ())
    assert after.epoch == before + 2
    with pytest.raises(Conflict):
        go_on(account, alice)


def test_a_hook_runs_after_the_latch(account, alice, settings):
    settings.STOP_HOOKS = [HOOK]
    report = stop(account, alice)
    assert CALLS == [("account", "HALTED", "HALTED")]
    assert report.done == (f"{HOOK}: 2 orders voided",)


def test_an_exception_in_a_hook_never_undoes_the_latch(account, alice, settings):
    """Kill switch keeps creating orders because of an exception in the switch.

    Red with a narrower handler: the exception reached the caller, and the hooks after it never ran.
    """
    settings.STOP_HOOKS = [BROKEN, "no.such.hook", HOOK]
    report = stop(account, alice)
    assert stop_state(account=account).level is StopLevel.HALTED
    assert len(report.problems) == 2
    assert "the hook is broken" in report.problems[0]
    assert len(report.done) == len(CALLS) == 1
    assert report.status == "STOPPED_WITH_PROBLEMS"


def test_a_send_that_does_not_end_leaves_the_drain_unconfirmed(account, alice):
    """Red with the lease not asked: the report said STOPPED while a send was in flight."""
    sending, done = threading.Event(), threading.Event()
    keys = scope_keys_for(account=account, deployment_key="5")

    def send():
        with stop_barrier_shared(keys):
            sending.set()
            done.wait(10)

    sender = threading.Thread(target=send)
    sender.start()
    assert sending.wait(5)
    try:
        report = stop(account, alice, drain_timeout_s=0.2)
    finally:
        done.set()
        sender.join()
    assert report.status == "DRAIN_UNCONFIRMED"
    assert stop_state(account=account).level is StopLevel.HALTED
    assert stop(account, alice).status == "STOPPED"


@pytest.mark.parametrize("kind", ["everything", "venue", "user", "account", "strategy"])
def test_every_scope_stops_what_lies_in_it(account, oscar, kind):
    keys = {
        "everything": "",
        "venue": "paper",
        "user": str(account.owner_id),
        "account": str(account.pk),
        "strategy": f"{account.pk}:12",
    }
    emergency_stop(scope_kind=kind, scope_key=keys[kind], reason="drill", actor=oscar)
    assert stop_state(account=account, deployment_key="12").level is StopLevel.HALTED
    others = stop_state(account=account, deployment_key="13").level
    assert others is (StopLevel.ACTIVE if kind == "strategy" else StopLevel.HALTED)


def test_the_strictest_scope_wins_and_a_resume_ends_only_its_own(account, alice, oscar):
    stop(account, alice, state=StopLevel.REDUCING)
    emergency_stop(scope_kind="user", scope_key=str(alice.pk), reason="audit", actor=oscar)
    assert stop_state(account=account).level is StopLevel.HALTED
    resume(scope_kind="user", scope_key=str(alice.pk), reason="done", actor=alice)
    assert stop_state(account=account).level is StopLevel.REDUCING
    AccountRisk.objects.filter(account=account).update(ladder_level="HALTED", ladder_reason="lost too much")
    state = stop_state(account=account)
    assert state.level is StopLevel.HALTED
    assert "lost too much" in state.reasons


def test_other_accounts_trade_on(account, live_account, alice):
    stop(account, alice)
    assert stop_state(account=live_account).level is StopLevel.ACTIVE


def test_who_may_stop(account, alice, bob, charlie, dora, oscar):
    for actor in (alice, dora, oscar, None):
        assert stop(account, actor).status == "STOPPED"
    with pytest.raises(NotAllowed):
        stop(account, bob)
    with pytest.raises(NotFound):
        stop(account, charlie)
    with pytest.raises(NotFound):
        stop(account, alice, scope_key="999999")
    with pytest.raises(NotAllowed):
        stop(account, alice, scope_kind="everything", scope_key="")
    with pytest.raises(NotAllowed):
        stop(account, charlie, scope_kind="user", scope_key=str(alice.pk))
    assert stop(account, alice, scope_kind="user", scope_key=str(alice.pk)).drained


def test_who_may_resume_on_paper(account, alice, bob, charlie, dora, oscar):
    stop(account, alice)
    for actor, refusal in ((bob, NotAllowed), (charlie, NotFound), (oscar, NotAllowed), (None, NotAllowed)):
        with pytest.raises(refusal):
            go_on(account, actor)
    assert go_on(account, dora).status == "RESUMED"
    stop(account, oscar)
    assert go_on(account, alice).status == "RESUMED"


def test_a_live_account_is_resumed_by_two_people_only(live_account, alice, dora):
    scopes = [("account", str(live_account.pk)), ("user", str(alice.pk)), ("venue", "live"), ("everything", "")]
    for kind, key in scopes:
        emergency_stop(scope_kind=kind, scope_key=key, reason="real", actor=dora)
        for actor in (alice, dora):
            with pytest.raises(NotAllowed) as refusal:
                resume(scope_kind=kind, scope_key=key, reason="please", actor=actor)
        assert refusal.value.code == "RESUME_NEEDS_TWO"
    assert stop_state(account=live_account).level is StopLevel.HALTED


def test_stops_of_much_are_resumed_by_risk_managers(account, alice, dora, oscar):
    emergency_stop(scope_kind="everything", reason="drill", actor=oscar)
    for actor in (alice, oscar):
        with pytest.raises(NotAllowed):
            resume(scope_kind="everything", reason="done", actor=actor)
    assert resume(scope_kind="everything", reason="done", actor=dora).latch.state == "ACTIVE"


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": "  "},
        {"scope_kind": "planet"},
        {"scope_kind": "strategy"},
        {"state": "ACTIVE"},
        {"state": "MELTING"},
    ],
)
def test_malformed_stops(account, alice, changes):
    with pytest.raises(InvalidInput):
        stop(account, alice, **changes)
    assert not StopLatch.objects.exists()


def test_a_reason_of_any_length_stops(account, alice):
    assert len(stop(account, alice, reason="x" * 5000).latch.reason) == 300


def test_a_latch_costs_few_queries(account, alice, django_assert_max_num_queries):
    # savepoint, insert or get (3), lock, update, audit head, audit row, head update, release: no account, no event
    with django_assert_max_num_queries(14):
        latch_set(scope_kind="account", scope_key=str(account.pk), state="HALTED", reason="now", actor=alice)


# --- commands ---------------------------------------------------------------------------------------------------------


def command(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_commands_stop_and_resume(account, alice):
    assert "STOPPED" in command("emergency_stop", "--account", str(account.pk), "--reason", "drill")
    assert stop_state(account=account).level is StopLevel.HALTED
    command("resume", "--account", str(account.pk), "--reason", "done", "--by", "alice")
    assert stop_state(account=account).level is StopLevel.ACTIVE
    command("emergency_stop", "--user", "alice", "--reason", "drill", "--reducing")
    assert stop_state(account=account).level is StopLevel.REDUCING
    command("emergency_stop", "--strategy", f"{account.pk}:3", "--reason", "drill", "--by", "alice")
    command("emergency_stop", "--everything", "--reason", "drill")


def test_the_bare_command_stops_everything(account):
    assert "everything: HALTED" in command("emergency_stop")
    assert stop_state(account=account).level is StopLevel.HALTED
    with pytest.raises(CommandError, match="--everything"):
        command("resume", "--reason", "drill", "--by", "alice")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("resume", "--user", "", "--reason", "drill", "--by", "alice"), 1),
        (("emergency_stop", "--account", "999999", "--reason", "drill"), 2),
        (("emergency_stop", "--account", "x", "--reason", "drill"), 2),
        (("emergency_stop", "--user", "nobody", "--reason", "drill"), 1),
        (("resume", "--everything", "--reason", "drill", "--by", "alice"), 2),
    ],
)
def test_commands_refuse_with_a_sentence(account, arguments, code):
    with pytest.raises(CommandError) as refusal:
        command(*arguments)
    assert refusal.value.returncode == code
    assert str(refusal.value).endswith(".")


def test_the_command_fails_when_something_after_the_latch_did(account, settings):
    settings.STOP_HOOKS = [BROKEN]
    with pytest.raises(CommandError) as refusal:
        command("emergency_stop", "--account", str(account.pk), "--reason", "drill")
    assert refusal.value.returncode == 1
    assert stop_state(account=account).level is StopLevel.HALTED
