"""`make run`, as a program starts it and kills it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from dev.stack import ROOT, free_port

# `make` stands between: a signal that kills it reaches no other process.
MAKE = "import subprocess, sys; subprocess.run(sys.argv[1:])"


def command(folder: Path, port: int) -> list[str]:
    options = ["--port", str(port), "--sandbox-port", str(free_port()), "--folder", str(folder)]
    return [sys.executable, "-m", "dev.run", *options]


def run_again(folder: Path, port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, port), cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )


def wait_until(is_so: Callable[[], bool], seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("a folder with spaces")


@pytest.fixture(scope="module")
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that were started here, to be killed at the end."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def make(folder: Path, started: list[subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """A run as `make` starts it, ready: the one of the test before, unless that killed it."""
    if not started or started[-1].poll() is not None:
        starting = [sys.executable, "-c", MAKE, *command(folder, free_port())]
        env = {**os.environ, "MAKELEVEL": "1"}
        started.append(subprocess.Popen(starting, cwd=ROOT, env=env, stdout=subprocess.DEVNULL))
        wait_until((folder / "run.json").exists)
    return started[-1]


def test_second_run_leaves_the_first_alone(
    folder: Path, make: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    before = (folder / "run.json").read_text()
    web = json.loads(before)["web"]
    here = run_again(folder, free_port())
    assert (here.returncode, "it runs here already" in here.stderr) == (1, True)
    beside = run_again(tmp_path, int(web.rsplit(":", 1)[1]))
    assert (beside.returncode, "make run PORT=" in beside.stderr) == (1, True)
    assert (folder / "run.json").read_text() == before
    assert requests.get(f"{web}/readyz", timeout=10).status_code == 200


def test_run_ends_with_a_make_that_is_killed(folder: Path, make: subprocess.Popen[bytes]) -> None:
    run = json.loads((folder / "run.json").read_text())
    make.kill()
    make.wait()
    wait_until(lambda: not (folder / "run.json").exists())
    for address in (run["web"], run["sandbox"]):
        with pytest.raises(requests.ConnectionError):
            requests.get(address, timeout=5)
