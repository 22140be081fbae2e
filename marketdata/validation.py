"""What a bar must satisfy before it may enter the lake. Pure.

A row that fails is set aside with its reasons; nothing is corrected, filled or dropped in silence. A frame that has not
even the columns is refused as a whole. Times are calendar days in ISO form.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from marketdata import calendars
from operations.errors import InvalidInput

PRICES = ["open", "high", "low", "close"]
NUMBERS = [*PRICES, "volume", "adjustment"]
REQUIRED = ["symbol", "time", *PRICES, "volume"]
COLUMNS = ["symbol", "time", *NUMBERS]
LARGEST = 9e10
SMALLEST_PRICE = 1e-8
SYMBOL = re.compile(r"[A-Za-z0-9^][A-Za-z0-9/^=._:-]{0,39}")

# What a column may be called in a file, in lower case and without blanks; an own mapping goes first.
SYNONYMS = {
    "ticker": "symbol",
    "date": "time",
    "datetime": "time",
    "timestamp": "time",
    "day": "time",
    "vol": "volume",
    "adjustment_factor": "adjustment",
}


@dataclass(frozen=True)
class Verdict:
    """The accepted rows (COLUMNS, sorted by symbol and time), and the others as they came, with `row` and `reason`."""

    accepted: pd.DataFrame
    refused: pd.DataFrame
    notes: list[str] = field(default_factory=list)


def columns_map(
    frame: pd.DataFrame, mapping: Mapping[str, str] | None = None, symbol: str | None = None
) -> pd.DataFrame:
    """The frame under our column names; `mapping` goes from the file's to ours, `symbol` fills a missing column."""
    own = {name.lower(): target for name, target in (mapping or {}).items()}
    names = {}
    for name in frame.columns:
        plain = str(name).strip().lower()
        names[name] = own.get(plain, SYNONYMS.get(plain.replace(" ", "_"), plain.replace(" ", "_")))
    mapped = frame.rename(columns=names)
    repeated = sorted({str(name) for name in mapped.columns[mapped.columns.duplicated()] if name in COLUMNS})
    if repeated:
        raise InvalidInput(
            "COLUMNS_AMBIGUOUS", f"More than one column stands for {', '.join(repeated)}.", columns=repeated
        )
    if symbol is not None:
        if "symbol" in mapped.columns and set(mapped["symbol"].dropna().astype(str)) - {symbol}:
            raise InvalidInput("SYMBOL_GIVEN_TWICE", "The file names its symbols itself; leave the symbol out.")
        mapped = mapped.assign(symbol=symbol)
    missing = [name for name in REQUIRED if name not in mapped.columns]
    if missing:
        hint = " (or name the symbol)" if missing == ["symbol"] else ""
        raise InvalidInput(
            "COLUMNS_MISSING", f"The data has no column for {', '.join(missing)}{hint}.", missing=missing
        )
    return mapped


def bars_validate(frame: pd.DataFrame, *, calendar: str, latest_on: date) -> Verdict:
    """Judge every row; `latest_on` is the last day that is not in the future."""
    frame = columns_map(frame).reset_index(drop=True)
    if "adjustment" not in frame.columns:
        frame = frame.assign(adjustment=1.0)
    reasons: list[list[str]] = [[] for _ in range(len(frame))]
    parsed = pd.DataFrame({"symbol": frame["symbol"].astype("string").fillna("")})
    parsed["time"] = _days(frame["time"])
    for name in NUMBERS:
        parsed[name] = pd.to_numeric(frame[name], errors="coerce").astype("float64")
        _say(reasons, _unreadable(frame[name], parsed[name]), f"{name} is not a number")
        _say(reasons, frame[name].isna(), f"{name} is missing")
    _judge_values(parsed, reasons)
    _judge_days(parsed, reasons, calendar, latest_on)
    _judge_duplicates(parsed, reasons)
    refused = np.array([bool(row) for row in reasons], dtype=bool)
    return Verdict(
        accepted=parsed.loc[~refused, COLUMNS]
        .astype({"symbol": object})
        .sort_values(["symbol", "time"], ignore_index=True),
        refused=_set_aside(frame, refused, reasons),
        notes=_notes(parsed[~refused]),
    )


def _say(reasons: list[list[str]], wrong: "pd.Series[bool] | np.ndarray", text: str) -> None:
    for at in np.flatnonzero(np.asarray(wrong, dtype=bool)):
        reasons[at].append(text)


def _unreadable(raw: pd.Series, parsed: pd.Series) -> np.ndarray:
    return (raw.notna() & parsed.isna()).to_numpy(dtype=bool)


def _days(raw: pd.Series) -> pd.Series:
    """Days as `datetime64[s]`, NaT where unreadable. Only ISO text, dates, and whole numbers like 20130228 are read."""
    if pd.api.types.is_numeric_dtype(raw) and not pd.api.types.is_bool_dtype(raw):
        text = raw.map(lambda value: str(int(value)) if pd.notna(value) and float(value).is_integer() else "")
        stamps = pd.to_datetime(text, format="%Y%m%d", errors="coerce")
    elif isinstance(raw.dtype, pd.DatetimeTZDtype):
        stamps = raw.dt.tz_localize(None)  # the local day is the session's
    elif pd.api.types.is_datetime64_any_dtype(raw):
        stamps = raw
    else:
        stamps = raw.map(_iso_day)
    return pd.to_datetime(stamps, errors="coerce").dt.normalize().astype("datetime64[s]")


def _iso_day(value: object) -> Any:
    """One cell as a day by the text it begins with; its time of day and zone, if any, say when, not which day."""
    text = value.isoformat() if isinstance(value, date) else str(value).strip()
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}([T ].*)?", text, flags=re.ASCII):
        return pd.NaT
    return pd.to_datetime(text[:10], format="%Y-%m-%d", errors="coerce")


def _judge_values(parsed: pd.DataFrame, reasons: list[list[str]]) -> None:
    _say(reasons, ~parsed["symbol"].str.fullmatch(SYMBOL.pattern), "symbol is missing or malformed")
    for name in NUMBERS:
        _say(reasons, np.isinf(parsed[name]) | (parsed[name].abs() >= LARGEST), f"{name} is out of range")
    for name in PRICES:
        _say(reasons, parsed[name] < SMALLEST_PRICE, f"{name} is not positive")
    _say(reasons, parsed["volume"] < 0, "volume is negative")
    _say(reasons, parsed["adjustment"] <= 0, "adjustment is not positive")
    _say(reasons, parsed["high"] < parsed[["open", "low", "close"]].max(axis=1), "high is below another price")
    _say(reasons, parsed["low"] > parsed[["open", "high", "close"]].min(axis=1), "low is above another price")


def _judge_days(parsed: pd.DataFrame, reasons: list[list[str]], calendar: str, latest_on: date) -> None:
    days = parsed["time"].to_numpy().astype("datetime64[D]")
    unreadable = np.isnat(days)
    _say(reasons, unreadable, "time is not an ISO day")
    future = ~unreadable & (days > np.datetime64(latest_on, "D"))
    _say(reasons, future, "time is in the future")
    sessions = calendars.calendar_get(calendar).days
    _say(reasons, ~unreadable & ~np.isin(days, sessions), f"time is no session of {calendar}")


def _judge_duplicates(parsed: pd.DataFrame, reasons: list[list[str]]) -> None:
    """Of equal rows the first is kept; rows that disagree about one bar are all set aside: nobody knows which is it."""
    keyed = parsed[parsed["time"].notna()]
    repeated = keyed.duplicated(["symbol", "time"], keep=False)
    if not repeated.any():
        return
    repeats = keyed[repeated]
    same = repeats.duplicated(COLUMNS, keep=False)
    copies = repeats.groupby(["symbol", "time"])["close"].transform("size")
    equal = repeats.groupby(["symbol", "time", *NUMBERS], dropna=False)["close"].transform("size")
    agreed = same & (copies == equal.reindex(repeats.index))
    later = repeats.duplicated(["symbol", "time"], keep="first")
    for at in repeats.index[agreed & later]:
        reasons[at].append("the same bar appears again")
    for at in repeats.index[~agreed]:
        reasons[at].append("rows disagree about this bar")


def _set_aside(frame: pd.DataFrame, refused: np.ndarray, reasons: list[list[str]]) -> pd.DataFrame:
    kept = frame.loc[refused, COLUMNS].copy()
    kept.insert(0, "row", np.flatnonzero(refused) + 1)
    kept["reason"] = ["; ".join(row) for row in reasons if row]
    return kept.reset_index(drop=True)


def _notes(accepted: pd.DataFrame) -> list[str]:
    ordered = all(days.is_monotonic_increasing for _, days in accepted.groupby("symbol")["time"])
    return [] if ordered else ["The rows were not in order of time; the order of a file carries no meaning here."]
