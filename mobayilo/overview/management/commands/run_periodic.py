"""`manage.py run_periodic`: the work that repeats, in as many copies as one likes."""

import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from mobayilo.overview.periodic import run_due_jobs

PAUSE_SECONDS = 1.0


class Command(BaseCommand):
    help = "Run the periodic commands, each when its time has come. Safe in many copies."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="run what is due now, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()

        def stop(_number: int, _frame: FrameType | None) -> None:
            stopping.set()

        if not options["once"]:
            signal.signal(signal.SIGTERM, stop)
            signal.signal(signal.SIGINT, stop)
        while not stopping.is_set():
            run_due_jobs(timezone.now())
            if options["once"]:
                return
            stopping.wait(PAUSE_SECONDS)
