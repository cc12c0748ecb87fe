"""`moby` against `gh`, `twilio` and `httpie` where they are installed: wall time, interleaved."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import data
from tests.bench.figures import Figures
from tests.bench.server import GUNICORN, serving

RUNS = 21
MOBY = str(Path(sys.executable).parent / "moby")


def measure(figures: Figures) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(GUNICORN, folder / "log") as server:
            _compare(figures, folder, server.address)


def _compare(figures: Figures, folder: Path, address: str) -> None:
    env = _environment(folder, address)
    balance = f"{address}/api/cli/v1/balance"
    commands = {
        "moby --version": [MOBY, "--version"],
        "moby balance": [MOBY, "balance", "--json"],
        "gh --version": ["gh", "--version"],
        "gh api": ["gh", "api", balance, "-H", f"Authorization: Bearer {data.customer().secret}"],
        "twilio --version": ["twilio", "--version"],
        "http --version": ["http", "--version"],
    }
    there = {name: words for name, words in commands.items() if shutil.which(words[0])}
    times: dict[str, list[float]] = {name: [] for name in there}
    for _ in range(RUNS):
        for name, words in there.items():
            times[name].append(_seconds(words, env))
    for name, seconds in times.items():
        figures.add(f"{name.replace(' --', '_').replace(' ', '_')}_ms", _ms(seconds))
    if "gh api" not in there:
        figures.missing("moby_balance_vs_gh_api", "gh")
        return
    ratio = statistics.median(times["moby balance"]) / statistics.median(times["gh api"])
    figures.add("moby_balance_vs_gh_api", ratio, "at most 3.2")
    ratio = statistics.median(times["moby --version"]) / statistics.median(times["gh --version"])
    figures.add("moby_version_vs_gh_version", ratio, "at most 1.6")


def _environment(folder: Path, address: str) -> dict[str, str]:
    token = folder / "token"
    token.write_text(data.customer().secret)
    token.chmod(0o600)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "MOBY_HOST": address,
        "MOBY_TOKEN_FILE": str(token),
        "MOBY_KEYRING": "off",
        "GH_TOKEN": "not-a-token",
        "NO_PROXY": "127.0.0.1",
    }


def _seconds(words: list[str], env: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(words, env=env, capture_output=True, check=True)
    return time.perf_counter() - started


def _ms(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1000
