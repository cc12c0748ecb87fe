"""A balance against a bare view and against django-rest-knox, under each of three servers."""

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.bench import data
from tests.bench.figures import Figures
from tests.bench.load import requests_per_second
from tests.bench.server import GUNICORN, Server, serving

SERVERS = {
    "": GUNICORN,
    "_gthread": [*GUNICORN, "--worker-class", "gthread", "--threads", "2"],
    "_granian": [
        *("granian", "mobayilo.wsgi:application", "--interface", "wsgi", "--no-ws"),
        *("--workers", "2", "--blocking-threads", "4", "--port", "{port}"),
    ],
}
ROUNDS, SECONDS = 7, 2
EARLY, LATE = 10_000, 100_000
Target = tuple[str, dict[str, str]]


def measure(figures: Figures) -> None:
    for suffix, command in SERVERS.items():
        with _serving(command) as server:
            _compare(figures, server, suffix)
    with _serving(GUNICORN) as server:
        _memory(figures, server)


def _compare(figures: Figures, server: Server, suffix: str) -> None:
    targets = _targets(server.address)
    rounds = [[requests_per_second(*target, SECONDS) for target in targets] for _ in range(ROUNDS)]
    note = f"median of {ROUNDS} interleaved rounds; 2 workers, 8 connections" if not suffix else ""
    figures.add(f"balance_per_second{suffix}", _median(one[0] for one in rounds), note)
    figures.add(f"bare_view_per_second{suffix}", _median(one[1] for one in rounds))
    figures.add(f"knox_per_second{suffix}", _median(one[2] for one in rounds))
    ratio = _median(one[0] / one[1] for one in rounds)
    figures.add(f"balance_vs_bare_view{suffix}", ratio, "at least 0.40")
    ratio = _median(one[0] / one[2] for one in rounds)
    figures.add(f"balance_vs_knox{suffix}", ratio, "at least 2.0")


def _memory(figures: Figures, server: Server) -> None:
    """Resident memory of the larger worker, early and late in a long life."""
    ours, served = _targets(server.address)[0], 0.0
    for name, number in ((f"worker_rss_mb_after_{EARLY}", EARLY), ("worker_rss_mb", LATE)):
        while served < number:
            served += requests_per_second(*ours, SECONDS) * SECONDS
        figures.add(name, server.worker_rss_mb(), f"after {number:,} requests")


@contextmanager
def _serving(command: list[str]) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder, serving(command, Path(folder) / "log") as server:
        yield server


def _targets(address: str) -> tuple[Target, Target, Target]:
    customer = data.customer()
    ours = (f"{address}/api/cli/v1/balance", {"Authorization": f"Bearer {customer.secret}"})
    knox = (f"{address}/bench/knox", {"Authorization": f"Token {customer.knox_secret}"})
    for url, headers in (ours, knox):
        requests.get(url, headers=headers, timeout=10).raise_for_status()
    return ours, (f"{address}/bench/bare", {}), knox


def _median(values: Iterator[float]) -> float:
    return statistics.median(values)
