"""Names and shape of what streams push to browsers. Pure.

A stream is `site` or `<kind>:<key>`, as in `account:7`. Its channel group carries the same name
with a dot, because group names allow no colon.
"""

import re
from datetime import datetime
from typing import Any

from operations.canonical import instant_text
from operations.errors import InvalidInput

SITE = "site"
_STREAM = re.compile(r"[a-z]{1,20}(:[A-Za-z0-9_-]{1,60})?")


def stream_check(stream: str) -> str:
    """`stream` itself when it is well formed."""
    if not _STREAM.fullmatch(stream):
        raise InvalidInput("STREAM_MALFORMED", "A stream is named like site or account:7.", stream=stream)
    return stream


def group_name(stream: str) -> str:
    """The channel group that carries a stream."""
    return stream_check(stream).replace(":", ".")


def stream_message(
    *, stream: str, number: int, kind: str, payload: dict[str, Any], market_time: datetime | None
) -> dict[str, Any]:
    """The message a consumer receives for one event."""
    return {
        "type": "stream.event",
        "stream": stream,
        "number": number,
        "kind": kind,
        "market_time": instant_text(market_time) if market_time else None,
        "payload": payload,
    }
