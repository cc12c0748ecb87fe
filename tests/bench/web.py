"""An authenticated balance against a bare view and against django-rest-knox, under one server."""

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.bench import data
from tests.bench.figures import Figures
from tests.bench.load import requests_per_second
from tests.bench.server import Server, serving

GUNICORN = ["gunicorn", "mobayilo.wsgi", "--workers", "2", "--no-control-socket"]
THREADED = [*GUNICORN, "--worker-class", "gthread", "--threads", "2"]
ROUNDS, SECONDS = 7, 2
Target = tuple[str, dict[str, str]]


def measure(figures: Figures) -> None:
    with _serving(GUNICORN) as server:
        ours, bare, knox = _targets(server.address)
        rounds = [
            [requests_per_second(*target, SECONDS) for target in (ours, bare, knox)]
            for _ in range(ROUNDS)
        ]
        figures.add("worker_rss_mb", server.worker_rss_mb(), "the larger worker, after the load")
    note = f"median of {ROUNDS} interleaved rounds; gunicorn, 2 sync workers, 8 connections"
    figures.add("balance_per_second", _median(one[0] for one in rounds), note)
    figures.add("bare_view_per_second", _median(one[1] for one in rounds))
    figures.add("knox_per_second", _median(one[2] for one in rounds))
    figures.add("balance_vs_bare_view", _median(one[0] / one[1] for one in rounds), "at least 0.40")
    figures.add("balance_vs_knox", _median(one[0] / one[2] for one in rounds), "at least 2.0")
    with _serving(THREADED) as server:
        ours, bare, _ = _targets(server.address)
        threaded = [requests_per_second(*ours, SECONDS) for _ in range(3)]
    figures.add("balance_per_second_gthread", _median(threaded), "2 workers with 2 threads")


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


def _median(values: Iterator[float] | list[float]) -> float:
    return statistics.median(values)
