"""The pace of `moby auth login`, by a clock that moves only when moby waits."""

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.signing_in import FILE, START, TOKEN, granted, pending, sign_in
from tests.cli.stubs import StubServer


def test_first_poll_waits_an_interval_and_a_fifth(moby: Moby, server: StubServer) -> None:
    sign_in(moby, server)
    assert sum(moby.clock.slept) == pytest.approx(6.0)


def test_slow_down_lasts_for_all_later_polls(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, d.DEVICE)
    pending(server, "slow_down")
    pending(server)
    granted(server)
    assert moby.run("auth", "login", FILE).code == 0
    assert sum(moby.clock.slept) == pytest.approx(6 + 12 + 12)


def test_longer_retry_after_wins_over_the_five_seconds(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, d.DEVICE)
    pending(server, "slow_down", headers={"Retry-After": "20"})
    granted(server)
    assert moby.run("auth", "login", FILE).code == 0
    assert sum(moby.clock.slept) == pytest.approx(6 + 24)


def test_missing_interval_means_five_seconds(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, {k: v for k, v in d.DEVICE.items() if k != "interval"})
    granted(server)
    assert moby.run("auth", "login", FILE).code == 0
    assert sum(moby.clock.slept) == pytest.approx(6.0)


def test_network_faults_double_the_pause_and_end_nothing(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, d.DEVICE)
    server.on("POST", TOKEN, drops=True)
    server.on("POST", TOKEN, b"<html>", status=502)
    granted(server)
    ran = moby.run("auth", "login", FILE)
    assert ran.code == 0
    assert "closed without an answer. Trying again …" in ran.stderr
    assert sum(moby.clock.slept) == pytest.approx(6 + 12 + 24)


def test_pause_is_the_interval_again_when_the_fault_is_over(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, d.DEVICE)
    server.on("POST", TOKEN, drops=True)
    pending(server)
    granted(server)
    assert moby.run("auth", "login", FILE).code == 0
    assert sum(moby.clock.slept) == pytest.approx(6 + 12 + 6)


@pytest.mark.parametrize(("status", "error"), [(400, "slow_down"), (429, "slow_down"), (503, "x")])
def test_long_retry_after_is_waited_for(
    moby: Moby, server: StubServer, status: int, error: str
) -> None:
    server.on("POST", START, d.DEVICE)
    server.on("POST", TOKEN, {"error": error}, status=status, headers={"Retry-After": "120"})
    granted(server)
    assert moby.run("auth", "login", FILE).code == 0
    assert sum(moby.clock.slept) == pytest.approx(6 + 144)


def test_code_that_runs_out_ends_in_four(moby: Moby, server: StubServer) -> None:
    server.on("POST", START, {**d.DEVICE, "expires_in": 10})
    pending(server)
    ran = moby.run("auth", "login", FILE)
    assert ran.code == 4
    assert "ran out" in ran.stderr
    assert sum(moby.clock.slept) == pytest.approx(10.0, abs=1.0)
