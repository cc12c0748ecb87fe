"""`manage.py build_client`: a step of each release, beside `collectstatic`."""

import subprocess
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mobayilo.client.wheel import build


class Command(BaseCommand):
    help = "Build the wheel of moby that the site offers under /client/. Safe to run again."
    requires_system_checks = []  # client.E002 asks for this wheel

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            wheel = build(settings.BASE_DIR / "cli_client")
        except subprocess.CalledProcessError as error:
            raise CommandError(f"moby cannot be built:\n{error.stderr[-2000:]}") from None
        if options["verbosity"]:
            self.stdout.write(f"{wheel} is what the site offers.")
