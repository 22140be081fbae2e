"""Names of streams and groups, and the shape of a message. Pure."""

import datetime

import pytest

from operations.errors import InvalidInput
from operations.events import group_name, stream_check, stream_message


@pytest.mark.parametrize(("stream", "group"), [("site", "site"), ("account:7", "account.7"), ("user:3", "user.3")])
def test_a_group_is_named_after_its_stream(stream: str, group: str) -> None:
    assert group_name(stream) == group


@pytest.mark.parametrize(
    "stream", ["", "Account:7", "account:", "account:7:8", "account.7", "a b", "account:7\n", "x" * 99]
)
def test_malformed_streams_are_refused(stream: str) -> None:
    with pytest.raises(InvalidInput):
        stream_check(stream)


def test_message() -> None:
    at = datetime.datetime(2006, 6, 20, 20, tzinfo=datetime.UTC)
    assert stream_message(stream="account:7", number=3, kind="order.filled", payload={"put": {}}, market_time=at) == {
        "type": "stream.event",
        "stream": "account:7",
        "number": 3,
        "kind": "order.filled",
        "market_time": "2006-06-20T20:00:00.000000Z",
        "payload": {"put": {}},
    }
