"""`make bench`: ours against references, side by side in one run; never a test.

Prints a table and writes var/bench.json, one flat object of names and numbers. Sections may be
named: `python -m tests.bench web moby`. A program that a figure compares with and that is not
installed is named as missing.
"""

import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

os.environ["TEST_DATABASE"] = "durable"

import tests.database  # noqa: F401 - starts PostgreSQL before Django reads its settings

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.settings"

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - Django has to be set up first

from tests.bench import calls, client, growth, ledger, pure, web  # noqa: E402 - Django has to be set up first
from tests.bench.figures import Figures  # noqa: E402 - Django has to be set up first

RESULT = Path(__file__).resolve().parents[2] / "var" / "bench.json"
SECTIONS: dict[str, Callable[[Figures], None]] = {
    "pure": pure.measure,
    "ledger": ledger.measure,
    "web": web.measure,
    "moby": client.measure,
    "calls": calls.measure,
    "growth": growth.measure,
}


def main(wanted: list[str]) -> int:
    figures = Figures()
    logging.disable(logging.INFO)  # of this process; the servers log as they do in production
    call_command("migrate", verbosity=0)
    earlier = json.loads(RESULT.read_text()) if wanted and RESULT.exists() else {}
    RESULT.parent.mkdir(exist_ok=True)
    for name in wanted or list(SECTIONS):
        print(f"\n{name}", flush=True)
        SECTIONS[name](figures)
        RESULT.write_text(json.dumps({**earlier, **figures.values}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
