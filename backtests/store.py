"""A result's arrays as compact bytes and back: equity, trades and decisions of one run. Adapter (no ORM).

Columns instead of rows, JSON, deflated: a run of fifteen years is some tens of kilobytes, readable anywhere.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

LAYOUT = 1


def tables_pack(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> bytes:
    """Bytes of named tables of rows; the rows of a table share their keys."""
    columns = {
        name: {key: [row[key] for row in rows] for key in (rows[0] if rows else ())} for name, rows in tables.items()
    }
    document = {"layout": LAYOUT, "tables": columns}
    return zlib.compress(json.dumps(document, separators=(",", ":"), allow_nan=False).encode())


def tables_unpack(packed: bytes) -> dict[str, list[dict[str, Any]]]:
    """The named tables packed into these bytes; ValueError for anything else."""
    try:
        document = json.loads(zlib.decompress(packed))
    except (zlib.error, ValueError) as error:
        raise ValueError("These bytes are no packed result.") from error
    if document.get("layout") != LAYOUT:
        raise ValueError(f"A result of layout {document.get('layout')} cannot be read here.")
    return {name: _rows(columns) for name, columns in document["tables"].items()}


def _rows(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
