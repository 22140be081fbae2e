"""Rows as CSV for spreadsheets: what a cell would run as a formula is text."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

from rest_framework.renderers import BaseRenderer

from operations.canonical import jsonable

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class CSVRenderer(BaseRenderer):
    """A list of rows with one header line; an error stays JSON."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> str:
        """Write the rows the view gives; its `csv_columns` say which and in what order."""
        response, view = renderer_context["response"], renderer_context["view"]
        if response.status_code >= 400:
            response["Content-Type"] = "application/json"
            return json.dumps(jsonable(data))
        response["Content-Disposition"] = f'attachment; filename="{view.csv_name}"'
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(view.csv_columns)
        writer.writerows([cell(row[name]) for name in view.csv_columns] for row in data)
        return out.getvalue()


def cell(value: Any) -> str:
    """Return a value as a cell's text; a leading apostrophe keeps a spreadsheet from running it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text
