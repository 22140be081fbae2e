"""Statuses of probes. Pure."""

from operations.probes import Status, worst


def test_worst() -> None:
    assert worst([]) is Status.OK
    assert worst(["ok", "warning"]) is Status.WARNING
    assert worst(["failing", "ok", "warning"]) is Status.FAILING
