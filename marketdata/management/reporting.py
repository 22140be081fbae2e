"""How the market commands show an ingest: a progress bar while it runs, then a report in sentences."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from marketdata.models import IngestRun
from operations.errors import ApplicationError

SHOWN = 5


def ingest_reported(command: BaseCommand, ingest: Callable[..., IngestRun]) -> None:
    """Run `ingest(progress=…)` under a progress bar; an expected failure becomes one sentence and exit status 1."""
    console = Console(file=command.stderr, stderr=True)  # type: ignore[arg-type]  # Django's wrapper writes like a file
    try:
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=not console.is_terminal,
        ) as bar:
            task = bar.add_task("Starting", total=1.0)
            run = ingest(progress=lambda fraction, message: bar.update(task, completed=fraction, description=message))
    except ApplicationError as error:
        raise CommandError(error.message) from error
    _report(command, run)


def _report(command: BaseCommand, run: IngestRun) -> None:
    say: Callable[[Any], None] = command.stdout.write
    say(
        f"{run.rows_read} rows read, {run.rows_accepted} accepted for {run.symbols} symbols: {run.rows_inserted} new, "
        f"{run.rows_updated} changed, {run.rows_unchanged} as before, {run.rows_quarantined} set aside."
    )
    for note in run.notes:
        say(note)
    for bar in run.quarantined.all()[:SHOWN]:
        say(f"  row {bar.row}: {bar.symbol} {bar.time}: {bar.reason}")
    if run.rows_quarantined > SHOWN:
        say(f"  and {run.rows_quarantined - SHOWN} more; all of them are listed in the admin under quarantined bars.")
    if run.dataset_version:
        say(f"The lake is at version {run.dataset_version.table_version}: {run.dataset_version.rows} bars.")
