"""Anyone's CSV or Parquet file of daily bars. Adapter (disk).

Column names are recognised regardless of case (date or time, open, high, low, close, volume, symbol or ticker), or
named by a mapping. Cells are passed on as they are read: judging them is the validation's part.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from marketdata.providers.base import Capability, Listing, MarketDataProvider, ProviderQuote, Refused, between, refuse
from marketdata.validation import columns_map

CSV_ENDINGS = (".csv", ".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zip", ".txt", ".tsv")
PARQUET_ENDINGS = (".parquet", ".pq")


class FileProvider:
    """The bars in one file."""

    name = "file"
    capabilities = frozenset({Capability.DAILY_BARS})

    def __init__(
        self, path: Path | str = "", *, mapping: Mapping[str, str] | None = None, symbol: str | None = None
    ) -> None:
        self.path = Path(path)
        self.mapping = mapping
        self.symbol = symbol

    def catalogue(self) -> Sequence[Listing]:
        """A file says nothing about its instruments but their symbols."""
        raise refuse(self, Capability.CATALOGUE)

    def get_quote(self, symbol: str) -> ProviderQuote:
        """A file has history only."""
        raise refuse(self, Capability.QUOTES)

    def get_historical_data(
        self, symbol: str, start: date | None = None, end: date | None = None, interval: str = "1d"
    ) -> pd.DataFrame:
        """The rows of one symbol, dates read as far as they can be."""
        if interval != "1d":
            raise refuse(self, Capability.DAILY_BARS)
        frame = self.frame()
        rows = frame[frame["symbol"].astype(str) == symbol]
        if rows.empty:
            raise Refused(f"{self.path.name} holds no rows for {symbol}.")
        return between(rows.assign(time=pd.to_datetime(rows["time"], errors="coerce")), start, end)

    def frame(self) -> pd.DataFrame:
        """Every row of the file under our column names, cells unjudged."""
        return columns_map(self._read(), self.mapping, self.symbol)

    def _read(self) -> pd.DataFrame:
        name = self.path.name.lower()
        try:
            if name.endswith(PARQUET_ENDINGS):
                frame = pq.read_table(self.path).to_pandas()
                return frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()
            if name.endswith(CSV_ENDINGS):
                # Only an empty cell and NaN are missing: a symbol may be called NA or NULL.
                return pd.read_csv(
                    self.path,
                    keep_default_na=False,
                    na_values=["", "NaN", "nan"],
                    sep="\t" if name.endswith(".tsv") else ",",
                    low_memory=False,
                )
        except FileNotFoundError:
            raise Refused(f"There is no file {self.path}.") from None
        except IsADirectoryError:
            raise Refused(f"{self.path} is a folder; name a file.") from None
        except pd.errors.EmptyDataError:
            raise Refused(f"{self.path.name} is empty.") from None
        except (pd.errors.ParserError, UnicodeDecodeError, pa.ArrowInvalid, ValueError, OSError, EOFError) as error:
            raise Refused(f"{self.path.name} cannot be read: {_sentence(error)}") from error
        raise Refused(f"{self.path.name} is neither CSV nor Parquet by its name (.csv, .csv.gz, .parquet).")


def _sentence(error: BaseException) -> str:
    line = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
    return f"{line}."


_: type[MarketDataProvider] = FileProvider
