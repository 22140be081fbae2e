"""Bars enter the lake here and nowhere else: validate, set aside, commit, record."""

import hashlib
import math
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from marketdata.bars import FIELDS
from marketdata.lake import Lake, TableVersion, Upsert
from marketdata.models import DatasetVersion, IngestRun, Instrument, QuarantinedBar
from marketdata.providers.base import Listing, Refused, Temporary
from marketdata.providers.file import FileProvider
from marketdata.selectors import lake_get, provider_get
from marketdata.services.instruments import instrument_upsert
from marketdata.validation import COLUMNS, Verdict, bars_validate
from operations.errors import ApplicationError, Conflict, InvalidInput, Unavailable, Unprocessable
from operations.services import audit_append, event_publish

# The report's count is exact; of the rows themselves this many are kept to look at.
QUARANTINE_KEPT = 10_000

Progress = Callable[[float, str], None]


def _silent(fraction: float, message: str) -> None:
    """Nobody is watching."""


def bars_ingest(
    *,
    frame: pd.DataFrame,
    provider: str,
    interval: str = "1d",
    calendar: str = "XNYS",
    currency: str = "USD",
    exchange: str = "",
    tick: Decimal | None = None,
    listings: Mapping[str, Listing] | None = None,
    source: str = "",
    actor: Any = None,
    progress: Progress = _silent,
) -> IngestRun:
    """Judge the rows, set the bad ones aside, commit the rest to the lake at once, and record the version.

    The commit comes before the database records it: a crash between the two leaves a version that the next ingest
    records. Data that the lake already holds commits nothing. `listings` describes new instruments by symbol; what it
    leaves open comes from `exchange`, `currency` and `tick`. Raises Unprocessable when no row is fit.
    """
    if interval != "1d":
        raise InvalidInput(
            "INTERVAL_UNKNOWN", f"Bars of {interval} cannot be ingested; only 1d can.", interval=interval
        )
    run = IngestRun.objects.create(
        provider=provider, source=source[:200], interval=interval, calendar=calendar, requested_by=actor
    )
    try:
        return _ingest(
            run, frame, _Defaults(calendar, currency, exchange, tick, listings or {}), actor=actor, progress=progress
        )
    except Exception as error:
        run.message = error.message if isinstance(error, ApplicationError) else f"Unexpected: {type(error).__name__}."
        run.state, run.finished_at = IngestRun.State.FAILED, timezone.now()
        run.save()
        raise


class _Defaults:
    """What a new instrument is when nothing says more."""

    def __init__(
        self, calendar: str, currency: str, exchange: str, tick: Decimal | None, listings: Mapping[str, Listing]
    ) -> None:
        self.calendar, self.currency, self.exchange, self.tick = calendar, currency, exchange, tick
        self.listings = listings

    def listing(self, symbol: str) -> Listing:
        """The listing of a symbol, made up of the defaults where none was given."""
        given = self.listings.get(symbol)
        return given or Listing(symbol, "", self.exchange, self.currency, self.calendar, self.tick)


def _ingest(run: IngestRun, frame: pd.DataFrame, defaults: _Defaults, *, actor: Any, progress: Progress) -> IngestRun:
    progress(0.05, "Checking rows")
    verdict = bars_validate(frame, calendar=defaults.calendar, latest_on=timezone.now().date())
    symbols = list(verdict.accepted["symbol"].unique())
    run.rows_read, run.rows_accepted, run.rows_quarantined = len(frame), len(verdict.accepted), len(verdict.refused)
    run.symbols, run.notes = len(symbols), verdict.notes
    _quarantine(run, verdict)
    if verdict.accepted.empty:
        raise Unprocessable("NO_ROW_FIT", _no_row_fit(verdict), run=run.pk)
    _refuse_other_market(symbols, defaults)
    progress(0.35, "Writing the lake")
    lake = lake_get(run.interval)
    done = lake.upsert(
        verdict.accepted.assign(calendar=defaults.calendar, source=run.provider, ingested_at=pd.Timestamp.now("UTC"))
    )
    progress(0.7, "Recording the version")
    _record(run, verdict, done, lake, defaults, actor=actor)
    progress(1.0, "Done")
    return run


def _quarantine(run: IngestRun, verdict: Verdict) -> None:
    kept = verdict.refused.head(QUARANTINE_KEPT)
    QuarantinedBar.objects.bulk_create(
        [
            QuarantinedBar(
                run=run,
                row=record["row"],
                symbol=_text(record["symbol"])[:80],
                time=_text(record["time"])[:40],
                values={name: _text(record[name]) for name in COLUMNS[2:]},
                reason=record["reason"],
            )
            for record in kept.to_dict("records")
        ],
        batch_size=500,
    )


def _text(value: Any) -> str:
    """A cell as it can be shown: nothing for a missing one."""
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value)[:200].replace("\x00", "")


def _no_row_fit(verdict: Verdict) -> str:
    if verdict.refused.empty:
        return "The data holds no rows."
    first = verdict.refused.iloc[0]
    return f"None of the {len(verdict.refused)} rows is fit; row {first['row']}: {first['reason']}."


def _refuse_other_market(symbols: list[str], defaults: _Defaults) -> None:
    """Refuse bars of a symbol that the lake holds for another exchange, calendar or currency: they would mix."""
    known = {row.symbol: row for row in Instrument.objects.filter(symbol__in=symbols)}
    for symbol, row in known.items():
        listing = defaults.listing(symbol)
        if row.calendar != defaults.calendar:
            raise Conflict(
                "CALENDAR_DIFFERS", f"{symbol} trades on {row.calendar}, not on {defaults.calendar}.", symbol=symbol
            )
        if listing.exchange and row.exchange and listing.exchange != row.exchange:
            raise Conflict(
                "EXCHANGE_DIFFERS", f"{symbol} is listed on {row.exchange}, not on {listing.exchange}.", symbol=symbol
            )
        if row.currency != listing.currency:
            raise Conflict(
                "CURRENCY_DIFFERS", f"{symbol} is priced in {row.currency}, not in {listing.currency}.", symbol=symbol
            )


def _record(run: IngestRun, verdict: Verdict, done: Upsert, lake: Lake, defaults: _Defaults, *, actor: Any) -> None:
    version = DatasetVersion.objects.filter(table_id=done.table.table_id, table_version=done.table.version).first()
    facts = None if version else _facts(lake, done.table)
    with transaction.atomic():
        if facts is not None:
            version, _ = DatasetVersion.objects.get_or_create(
                table_id=done.table.table_id,
                table_version=done.table.version,
                defaults={"interval": run.interval, "provider": run.provider, **facts},
            )
        _instruments_cover(verdict.accepted, defaults, actor)
        run.dataset_version = version
        run.rows_inserted, run.rows_updated, run.rows_unchanged = done.inserted, done.updated, done.unchanged
        run.state, run.finished_at = IngestRun.State.DONE, timezone.now()
        run.save()
        report = {
            "run": run.pk,
            "provider": run.provider,
            "source": run.source,
            "table_version": done.table.version,
            "inserted": done.inserted,
            "updated": done.updated,
            "quarantined": run.rows_quarantined,
        }
        audit_append(stream="site", action="bars.ingest", actor=actor, target=f"ingest:{run.pk}", after=report)
        event_publish(stream="site", kind="bars.ingested", payload=report)


def _facts(lake: Lake, table: TableVersion) -> dict[str, Any]:
    """What a version of the lake holds, with a checksum over its bars in the order of symbol and time."""
    rows = lake.read(table.version)
    days = rows["time"].to_numpy().astype("datetime64[D]")
    return {
        "rows": rows.num_rows,
        "symbols": len(rows["symbol"].unique()),
        "first_on": days.min().item(),
        "last_on": days.max().item(),
        "checksum": _checksum(rows, days),
    }


def _checksum(rows: pa.Table, days: np.ndarray) -> str:
    digest = hashlib.sha256("\n".join(rows["symbol"].to_pylist()).encode())
    digest.update(days.astype("<i8").tobytes())
    for name in FIELDS:
        digest.update(rows[name].to_numpy().astype("<f8").tobytes())
    return digest.hexdigest()


def _instruments_cover(accepted: pd.DataFrame, defaults: _Defaults, actor: Any) -> None:
    """Create the instruments that are new, and widen the known range of the others."""
    known = {row.symbol: row for row in Instrument.objects.filter(symbol__in=list(accepted["symbol"].unique()))}
    spans = accepted.groupby("symbol")["time"].agg(["min", "max"])
    for symbol, first, last in spans.itertuples():
        instrument = known.get(symbol) or _instrument_create(symbol, defaults, actor)
        first_on, last_on = first.date(), last.date()
        row = Instrument.objects.filter(pk=instrument.pk)
        # Conditions in SQL: a second ingest may be widening the same row.
        if instrument.first_bar_on is None or first_on < instrument.first_bar_on:
            row.filter(Q(first_bar_on=None) | Q(first_bar_on__gt=first_on)).update(first_bar_on=first_on)
        if instrument.last_bar_on is None or last_on > instrument.last_bar_on:
            row.filter(Q(last_bar_on=None) | Q(last_bar_on__lt=last_on)).update(last_bar_on=last_on)


def _instrument_create(symbol: str, defaults: _Defaults, actor: Any) -> Instrument:
    listing = defaults.listing(symbol)
    return instrument_upsert(
        symbol=symbol,
        exchange=listing.exchange,
        name=listing.name,
        currency=listing.currency,
        calendar=listing.calendar,
        tick=listing.tick,
        actor=actor,
    )


def file_ingest(
    *,
    path: Path | str,
    symbol: str | None = None,
    mapping: Mapping[str, str] | None = None,
    provider: str = "file",
    actor: Any = None,
    progress: Progress = _silent,
    **defaults: Any,
) -> IngestRun:
    """Bring in a CSV or Parquet file; `defaults` as for `bars_ingest` (calendar, currency, exchange, tick)."""
    progress(0.0, "Reading the file")
    try:
        frame = FileProvider(path, mapping=mapping, symbol=symbol).frame()
    except Refused as error:
        raise InvalidInput("FILE_UNREADABLE", str(error), file=Path(path).name) from error
    return bars_ingest(
        frame=frame, provider=provider, source=Path(path).name, actor=actor, progress=progress, **defaults
    )


def provider_ingest(
    *,
    provider: str,
    symbols: list[str] | None = None,
    start: date | None = None,
    end: date | None = None,
    actor: Any = None,
    progress: Progress = _silent,
    **defaults: Any,
) -> IngestRun:
    """Fetch daily bars from a registered provider (its whole catalogue without `symbols`) and bring them in at once."""
    source = provider_get(provider)
    try:
        listings = {} if symbols else {listing.symbol: listing for listing in source.catalogue()}
        wanted = symbols or list(listings)
        frames = []
        for number, symbol in enumerate(wanted):
            progress(0.3 * number / len(wanted), f"Fetching {symbol}")
            frames.append(source.get_historical_data(symbol, start, end))
    except Refused as error:
        raise InvalidInput("PROVIDER_REFUSED", str(error), provider=provider) from error
    except Temporary as error:
        raise Unavailable("PROVIDER_UNAVAILABLE", str(error), provider=provider) from error
    frame = pd.concat(frames, ignore_index=True)
    return bars_ingest(
        frame=frame,
        provider=provider,
        listings=listings,
        actor=actor,
        progress=lambda fraction, message: progress(0.3 + 0.7 * fraction, message),
        **defaults,
    )


def sample_market_load(progress: Progress = _silent, *, actor: Any = None) -> IngestRun:
    """Bring in the sample market by the ordinary way; a second time commits nothing."""
    return provider_ingest(provider="sample", actor=actor, progress=progress)
