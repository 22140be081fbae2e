"""Set the site up where something is missing, then serve it in one process."""

from __future__ import annotations

import errno
import logging
import signal
import socket
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import DatabaseError, OperationalError, connections

from operations.services import jobs_requeue_lost
from quantsite import embedded
from quantsite.celery import app
from quantsite.setup import migrations_owed, static_files_mark, static_files_owed
from trading.services.dispatcher import dispatch_loop
from trading.services.replay import replay_loop

INTERRUPTED = 130
CHATTY = ("celery", "django_celery_beat", "uvicorn")


class Command(BaseCommand):
    """``manage.py serve``: database, static files, sample market and demo where missing, then the whole site."""

    help = "Set up what is missing, then serve the site in one process: server, workers, scheduler, dispatcher, replay."
    requires_system_checks = ()  # a wrong configuration is told in one sentence below

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare host, port and the set-up switch."""
        parser.add_argument("--host", default=settings.HOST, help="address to listen on (HOST)")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port to listen on (PORT)")
        parser.add_argument("--no-setup", action="store_true", help="serve without migrating or loading anything")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the site until Ctrl-C; every foreseeable obstacle is one sentence and a non-zero exit."""
        started = time.monotonic()
        # a background job of a shell starts with SIGINT ignored; the set-up must be stoppable like the server
        signal.signal(signal.SIGINT, signal.default_int_handler)
        code = 0
        try:
            code = self._serve(options, started)
        except KeyboardInterrupt:
            self.stdout.write("Stopped before the site was ready; the next start goes on from here.")
            code = INTERRUPTED
        except embedded.ServeError as error:
            raise CommandError(str(error)) from None
        except (OSError, OperationalError, DatabaseError) as error:
            sentence = disk_sentence(error)
            if sentence is None:
                raise
            raise CommandError(sentence) from None
        embedded.process_end(code)

    def _serve(self, options: dict[str, Any], started: float) -> int:
        if settings.CONFIGURATION_PROBLEMS:
            raise CommandError(" ".join(settings.CONFIGURATION_PROBLEMS))
        if not settings.EMBEDDED:
            raise CommandError(
                "DATABASE_URL or REDIS_URL is set, and `serve` runs the one-process site without them; "
                "unset both, or start the services of docker-compose.yml."
            )
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        with embedded.data_folder_lock(settings.DATA_DIR):
            listener = embedded.port_bind(options["host"], options["port"])
            if not options["no_setup"]:
                self._set_up()
            return self._run(listener, options, started)

    def _set_up(self) -> None:
        if migrations_owed():
            self._step("Preparing the database")
            call_command("migrate", interactive=False, verbosity=0)
        fingerprint = static_files_owed()
        if fingerprint:
            self._step("Collecting static files")
            call_command("collectstatic", interactive=False, verbosity=0, clear=True)
            static_files_mark(fingerprint)
        call_command("setup_site", stdout=self.stdout)

    def _run(self, listener: socket.socket, options: dict[str, Any], started: float) -> int:
        host = f"[{options['host']}]" if ":" in options["host"] else options["host"]

        def ready() -> None:
            took = time.monotonic() - started
            self.stdout.write(
                f"Quantsite is ready at http://{host}:{options['port']}/ ({took:.1f} s; Ctrl-C stops it)."
            )
            self.stdout.flush()

        def requeue() -> None:
            jobs_requeue_lost()
            connections.close_all()

        if settings.LOG_LEVEL == "INFO":
            for name in CHATTY:  # their starts and stops are told in two lines of ours
                logging.getLogger(name).setLevel(logging.WARNING)
        code = embedded.run(
            app=app,
            loops={"dispatcher": dispatch_loop, "replay": replay_loop},
            listener=listener,
            on_started=requeue,
            on_ready=ready,
        )
        self.stdout.write("Quantsite has stopped.")
        return code

    def _step(self, text: str) -> None:
        self.stdout.write(f"{text} …")
        self.stdout.flush()


def disk_sentence(error: BaseException) -> str | None:
    """Return what to tell about a disk that is full or cannot be written, None for any other error."""
    text = str(error).lower()
    number = getattr(error, "errno", None)
    if number in {errno.ENOSPC, errno.EDQUOT} or "disk is full" in text or "no space left" in text:
        return f"The disk of the data folder {settings.DATA_DIR} is full; free some space, or set DATA_DIR elsewhere."
    if number in {errno.EROFS, errno.EACCES, errno.EPERM} or "readonly" in text or "unable to open" in text:
        return f"The data folder {settings.DATA_DIR} cannot be written; make it writable, or set DATA_DIR elsewhere."
    return None
