"""`ingest_bars FILE`: anyone's daily bars into the lake; `ingest_bars --provider yfinance --symbol X`: a vendor's."""

from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketdata.management.reporting import ingest_reported
from marketdata.services import file_ingest, provider_ingest


class Command(BaseCommand):
    """Ingest daily bars."""

    help = (
        "Ingest daily bars from a CSV or Parquet file with the columns symbol (or --symbol), date, open, high, low, "
        "close, volume; or from a provider. Rows that are not fit are set aside with the reason."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what may be said."""
        parser.add_argument("file", nargs="?", help="CSV or Parquet file")
        parser.add_argument(
            "--symbol", action="append", default=[], help="symbol of the file; of a provider, any number"
        )
        parser.add_argument(
            "--provider", default="file", help="recorded with the bars, or asked where no file is named"
        )
        parser.add_argument("--tick", help="smallest price move of new instruments; left out, prices are not rounded")
        parser.add_argument("--calendar", default="XNYS", help="exchange calendar (XNYS, XHKG, 24/7)")
        parser.add_argument("--currency", default="USD")
        parser.add_argument("--exchange", default="", help="exchange of new instruments, as XNAS")
        parser.add_argument(
            "--column", action="append", default=[], metavar="THEIRS=OURS", help="a column's other name"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ingest, showing progress and then the report."""
        defaults = {name: options[name] for name in ("calendar", "currency", "exchange")} | {
            "tick": _tick(options["tick"])
        }
        provider, symbols = options["provider"], options["symbol"]
        if options["file"]:
            if len(symbols) > 1:
                raise CommandError("A file has one --symbol; name them in a column instead.")
            ingest = partial(
                file_ingest,
                path=options["file"],
                symbol=symbols[0] if symbols else None,
                mapping=_mapping(options["column"]),
                provider=provider,
            )
        elif provider == "file":
            raise CommandError("Name a file, or a --provider to fetch from.")
        else:
            ingest = partial(provider_ingest, provider=provider, symbols=symbols or None)
        ingest_reported(self, partial(ingest, **defaults))


def _tick(text: str | None) -> Decimal | None:
    try:
        tick = Decimal(text) if text else None
    except InvalidOperation:
        raise CommandError(f"--tick {text} is not a number.") from None
    if tick is not None and not (tick.is_finite() and tick > 0):
        raise CommandError(f"--tick {text} is not above 0.")
    return tick


def _mapping(pairs: list[str]) -> dict[str, str]:
    mapping = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    if len(mapping) != len(pairs):
        raise CommandError("--column is said as THEIRS=OURS, once for each column.")
    return mapping
