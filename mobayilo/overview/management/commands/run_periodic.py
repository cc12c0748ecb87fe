"""`manage.py run_periodic`: run the periodic commands, in any number of processes."""

import logging
import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, close_old_connections
from django.utils import timezone

from mobayilo.overview.periodic import JOBS, due_jobs, run_if_due, run_now

logger = logging.getLogger(__name__)
PAUSE_SECONDS = 1.0


class Command(BaseCommand):
    help = "Run the periodic commands, each when its time has come. Safe in many copies."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="run what is due now, then end")
        parser.add_argument(
            "--job", choices=JOBS, help="run this one now, due or not: for a crontab"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()

        def stop(_number: int, _frame: FrameType | None) -> None:
            stopping.set()

        if name := options["job"]:
            if error := run_now(name):
                raise CommandError(f"{name}: {error}")
            return
        if options["once"]:
            for name in due_jobs(timezone.now()):
                run_if_due(name)
            return
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        while not stopping.is_set():
            try:
                for name in due_jobs(timezone.now()):
                    if not stopping.is_set():
                        run_if_due(name)
                close_old_connections()
            except Error:
                # The database is away: due jobs stay due.
                logger.exception("periodic work waits for the database")
                close_old_connections()
            stopping.wait(PAUSE_SECONDS)
