"""The lake: bars in Delta tables, one per interval. Adapter (disk or object storage, no ORM).

Daily bars are partitioned by year and sorted by symbol, then time. A commit is all or nothing: the years it touches are
read at one version and written against that version, and if another writer got in between, the commit fails and is
computed again. Any earlier version can be read again. The Delta library panics in a forked child of a process that used
it, so such a child is refused here with words.
"""

import os
import random
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from operations.errors import NotFound, Unavailable

SCHEMA = pa.schema(
    [
        ("symbol", pa.string()),
        ("calendar", pa.string()),
        ("time", pa.date32()),
        ("year", pa.int32()),
        ("open", pa.float64()),
        ("high", pa.float64()),
        ("low", pa.float64()),
        ("close", pa.float64()),
        ("volume", pa.float64()),
        ("adjustment", pa.float64()),
        ("source", pa.string()),
        ("ingested_at", pa.timestamp("us", tz="UTC")),
    ]
)
KEY = ["symbol", "time"]
# What makes a bar a different bar; who sent it and when does not.
VALUES = ["calendar", "open", "high", "low", "close", "volume", "adjustment"]
ROW_GROUP_ROWS = 32_768
ATTEMPTS = 12

_used = False
_forked_after_use = False


def _after_fork() -> None:
    global _forked_after_use
    _forked_after_use = _used


os.register_at_fork(after_in_child=_after_fork)


class TableVersion(NamedTuple):
    """One state of one table: the table's own id (it changes if the lake is made anew) and its version number."""

    table_id: str
    version: int


class Upsert(NamedTuple):
    """What a commit did; `committed` is False when the lake already held every row as given."""

    table: TableVersion
    committed: bool
    inserted: int
    updated: int
    unchanged: int


class Lake:
    """The bars of one interval under one address (a folder or an object-storage URL)."""

    def __init__(self, url: str, interval: str = "1d", storage_options: dict[str, str] | None = None) -> None:
        self.interval = interval
        self.url = f"{url.rstrip('/')}/bars_{interval}"
        self.storage_options = storage_options

    def current(self) -> TableVersion | None:
        """The newest version, None before the first commit."""
        try:
            return _version_of(self._open())
        except TableNotFoundError:
            return None

    def read(self, version: int, *, calendar: str | None = None, symbols: Iterable[str] | None = None) -> pa.Table:
        """The rows of one version, sorted by symbol and time."""
        try:
            table = self._open(version)
            filters = _filters(calendar, symbols)
            return table.to_pyarrow_table(filters=filters).sort_by([(name, "ascending") for name in KEY])
        except TableNotFoundError as error:
            raise NotFound("LAKE_EMPTY", f"There are no bars under {self.url} yet.", url=self.url) from error
        except (DeltaError, OSError) as error:
            message = f"Version {version} of the bars under {self.url} cannot be read: {_first_line(error)}"
            raise Unavailable("LAKE_UNREADABLE", message, url=self.url, version=version) from error

    def upsert(self, rows: pd.DataFrame) -> Upsert:
        """Insert or replace rows by symbol and time in one commit; rows the lake already holds commit nothing.

        `rows` has the columns of SCHEMA without `year`, no duplicate keys, and times as `datetime64`.
        """
        incoming = _prepare(rows)
        for attempt in range(ATTEMPTS):
            try:
                return self._upsert_once(incoming)
            except CommitFailedError as error:
                if attempt == ATTEMPTS - 1:
                    message = f"Other writers kept changing the bars under {self.url}; try again later."
                    raise Unavailable("LAKE_BUSY", message, url=self.url) from error
                # Jitter, so that two writers do not meet again.
                time.sleep(random.uniform(0.01, 0.05) * (attempt + 1))  # noqa: S311 - no secret
            except (DeltaError, OSError) as error:
                message = f"The bars under {self.url} cannot be written: {_first_line(error)}"
                raise Unavailable("LAKE_UNWRITABLE", message, url=self.url) from error
        raise AssertionError("the loop returns or raises")

    def _upsert_once(self, incoming: pd.DataFrame) -> Upsert:
        table = self._open_or_create()
        years = sorted(int(year) for year in incoming["year"].unique())
        held = table.to_pyarrow_table(filters=[("year", "in", years)]).to_pandas()
        held["time"] = held["time"].astype("datetime64[s]")
        changes, inserted, updated = _changes(held, incoming)
        unchanged = len(incoming) - inserted - updated
        if not len(changes):
            return Upsert(_version_of(table), False, 0, 0, unchanged)
        touched = sorted(int(year) for year in changes["year"].unique())
        merged = pd.concat([held[held["year"].isin(touched)], changes]).drop_duplicates(KEY, keep="last")
        write_deltalake(
            table,
            _arrow(merged.sort_values(KEY)),
            mode="overwrite",
            predicate=f"year IN ({', '.join(map(str, touched))})",
            writer_properties=WriterProperties(max_row_group_size=ROW_GROUP_ROWS, compression="ZSTD"),
            commit_properties=CommitProperties(custom_metadata={"inserted": str(inserted), "updated": str(updated)}),
            storage_options=self.storage_options,
        )
        return Upsert(_version_of(table), True, inserted, updated, unchanged)

    def _open(self, version: int | None = None) -> DeltaTable:
        global _used
        if _forked_after_use:
            message = "This process was forked from one that had the lake open; start it fresh (spawn) instead."
            raise Unavailable("LAKE_FORKED", message)
        _used = True
        return DeltaTable(self.url, version=version, storage_options=self.storage_options)

    def _open_or_create(self) -> DeltaTable:
        try:
            return self._open()
        except TableNotFoundError:
            if "://" not in self.url:
                Path(self.url).mkdir(parents=True, exist_ok=True)
            DeltaTable.create(
                self.url, SCHEMA, mode="ignore", partition_by=["year"], storage_options=self.storage_options
            )
            return self._open()


def _version_of(table: DeltaTable) -> TableVersion:
    return TableVersion(str(table.metadata().id), int(table.version()))


def _filters(calendar: str | None, symbols: Iterable[str] | None) -> list[tuple[str, str, object]] | None:
    filters: list[tuple[str, str, object]] = []
    if calendar is not None:
        filters.append(("calendar", "=", calendar))
    if symbols is not None:
        filters.append(("symbol", "in", sorted(symbols)))
    return filters or None


def _prepare(rows: pd.DataFrame) -> pd.DataFrame:
    prepared = rows.assign(time=rows["time"].to_numpy().astype("datetime64[s]"))
    prepared["year"] = prepared["time"].dt.year.astype(np.int32)
    if prepared.duplicated(KEY).any():
        raise ValueError("A commit holds one row for each symbol and time.")
    return prepared


def _changes(held: pd.DataFrame, incoming: pd.DataFrame) -> tuple[pd.DataFrame, int, int]:
    """The rows of `incoming` that are new or differ, and how many of each there are."""
    beside = incoming[KEY].merge(held[KEY + VALUES], on=KEY, how="left", indicator=True)
    new = (beside["_merge"] == "left_only").to_numpy()
    differs = np.zeros(len(incoming), dtype=bool)
    for name in VALUES:
        differs |= beside[name].to_numpy() != incoming[name].to_numpy()
    updated = differs & ~new
    return incoming[new | updated], int(new.sum()), int(updated.sum())


def _arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame[SCHEMA.names], schema=SCHEMA, preserve_index=False)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
