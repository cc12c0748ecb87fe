"""Work that hangs, fails, or takes its time."""

import subprocess
import sys
import threading

import pytest

from moby.bounded import run_bounded


def test_work_that_hangs_is_left_behind_and_keeps_no_process() -> None:
    work = "import threading; from moby.bounded import run_bounded"
    script = f"{work}; run_bounded(threading.Event().wait, 0.1)"
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (ran.returncode, ran.stderr.splitlines()[-1]) == (1, "TimeoutError")


def test_seconds_that_have_passed_are_reported_until_the_work_is_done() -> None:
    done = threading.Event()
    passed: list[float] = []

    def report(seconds: float) -> None:
        passed.append(seconds)
        done.set()

    assert run_bounded(done.wait, 60, report) is True
    assert 1 <= passed[0] < 60


@pytest.mark.parametrize("failure", [ValueError("broken"), KeyboardInterrupt(), SystemExit(3)])
def test_failure_of_the_work_is_raised_where_it_is_waited_for(failure: BaseException) -> None:
    def fail() -> None:
        raise failure

    with pytest.raises(type(failure)) as raised:
        run_bounded(fail, 60)
    assert raised.value is failure
