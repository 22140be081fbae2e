"""Panels: memory-mapped arrays derived from one version of the lake. Adapter (disk, no ORM).

One folder per table version and calendar holds one array per field, sessions by assets. It is written under a private
name and renamed into place, so a reader sees a whole panel or none, and of two processes that build at once the first
to finish wins and the other throws its copy away. A panel can always be deleted: it is built again.
"""

import json
import os
import shutil
import threading
import time
import uuid
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pyarrow as pa

from marketdata import calendars
from marketdata.bars import FIELDS, Panel, panel_empty
from marketdata.lake import Lake, TableVersion
from operations.errors import NotFound, Unavailable

# Part of the folder's name: a new layout never reads an old one.
LAYOUT = 1
KEPT_OPEN = 8
ABANDONED_AFTER_S = 3600.0

_open: OrderedDict[Path, Panel] = OrderedDict()
_guard = threading.Lock()


def panel_open(directory: Path, lake: Lake, table: TableVersion, calendar: str) -> Panel:
    """The panel of one calendar's assets at one table version; built on first use, then mapped, then remembered."""
    path = panel_path(directory, lake.interval, table, calendar)
    with _guard:
        if (panel := _open.get(path)) is not None:
            _open.move_to_end(path)
            return panel
    panel = _map(path) or _build(path, lake, table, calendar)
    with _guard:
        _open[path] = panel
        while len(_open) > KEPT_OPEN:
            _open.popitem(last=False)
    return panel


def panel_path(directory: Path, interval: str, table: TableVersion, calendar: str) -> Path:
    """Where the panel of a table version and calendar lies."""
    return directory / interval / f"{table.table_id}-{table.version}-{calendar.replace('/', '_')}-{LAYOUT}"


def panels_forget() -> None:
    """Drop what this process remembers; the files stay."""
    with _guard:
        _open.clear()


def _map(path: Path) -> Panel | None:
    """The panel on disk as read-only views of its files, None where there is none."""
    try:
        symbols = tuple(json.loads((path / "symbols.json").read_text()))
        times = np.load(path / "times.npy")
        # Plain arrays over the mapping: slicing a memmap object itself is many times slower.
        fields = [np.load(path / f"{name}.npy", mmap_mode="r").view(np.ndarray) for name in FIELDS]
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Panel(times, symbols, *fields)


def _build(path: Path, lake: Lake, table: TableVersion, calendar: str) -> Panel:
    panel = panel_from_rows(lake.read(table.version, calendar=calendar), calendar)
    private = path.parent / f".building-{uuid.uuid4().hex}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(path.parent)
        _write(private, panel)
        _publish(private, path)
    except OSError as error:
        raise Unavailable(
            "PANEL_UNWRITABLE", f"The panel cannot be written to {path.parent}: {error.strerror or error}."
        ) from error
    finally:
        shutil.rmtree(private, ignore_errors=True)
    mapped = _map(path)
    if mapped is None:
        raise Unavailable("PANEL_VANISHED", f"The panel {path.name} was removed while it was being opened; try again.")
    return mapped


def panel_from_rows(rows: pa.Table, calendar: str) -> Panel:
    """A panel over the calendar's sessions from the first to the last of `rows`; NaN where there is no row."""
    if rows.num_rows == 0:
        raise NotFound("NO_BARS", f"There are no bars for the calendar {calendar} in this version.", calendar=calendar)
    days = rows["time"].to_numpy().astype("datetime64[D]")
    times = calendars.sessions(calendar, calendars.day_of(days.min()), calendars.day_of(days.max()))
    encoded = rows["symbol"].combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    symbols = tuple(sorted(names))
    place = {symbol: column for column, symbol in enumerate(symbols)}
    columns = np.array([place[name] for name in names])[encoded.indices.to_numpy()]
    at = np.searchsorted(times, days)
    if (times[np.minimum(at, len(times) - 1)] != days).any():
        raise Unavailable("PANEL_OFF_CALENDAR", f"The lake holds bars on days that are no sessions of {calendar}.")
    panel = panel_empty(times, symbols)
    for name in FIELDS:
        getattr(panel, name)[at, columns] = rows[name].to_numpy()
    return panel


def _write(folder: Path, panel: Panel) -> None:
    folder.mkdir()
    np.save(folder / "times.npy", panel.times)
    for name in FIELDS:
        np.save(folder / f"{name}.npy", getattr(panel, name))
    (folder / "symbols.json").write_text(json.dumps(panel.symbols))
    for file in folder.iterdir():
        with file.open("rb+") as stream:
            os.fsync(stream.fileno())


def _publish(private: Path, path: Path) -> None:
    try:
        private.rename(path)
    except OSError:
        # Another process was first: a folder that is there is whole.
        if not path.is_dir():
            raise


def _clear_abandoned(folder: Path) -> None:
    """Remove what a killed builder left behind long ago."""
    for left in folder.glob(".building-*"):
        try:
            if time.time() - left.stat().st_mtime > ABANDONED_AFTER_S:
                shutil.rmtree(left, ignore_errors=True)
        except FileNotFoundError:
            continue  # its builder has just finished
