"""Changes to the market room: instruments, ingests, feeds."""

from marketdata.services.feeds import (
    feed_advance,
    feed_create,
    feed_finish,
    feed_pause,
    feed_resume,
    feed_speed_set,
    feed_wake,
)
from marketdata.services.ingest import bars_ingest, file_ingest, provider_ingest, sample_market_load
from marketdata.services.instruments import instrument_upsert

__all__ = [
    "bars_ingest",
    "feed_advance",
    "feed_create",
    "feed_finish",
    "feed_pause",
    "feed_resume",
    "feed_speed_set",
    "feed_wake",
    "file_ingest",
    "instrument_upsert",
    "provider_ingest",
    "sample_market_load",
]
