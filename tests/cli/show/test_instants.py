"""Times, as clocks show them."""

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


@pytest.mark.parametrize("seconds", [0, 59, 60, 3599, 3600, 90_000])
def test_times_read_as_clocks(moby: Moby, server: StubServer, seconds: int) -> None:
    server.on("GET", "calls/call_1", {**d.COMPLETED, "duration_seconds": seconds})
    out = moby.run("calls", "show", "call_1", MOBY_TOKEN=d.TOKEN).stdout
    hours, rest = divmod(seconds, 3600)
    minutes = f"{rest // 60:02}" if hours else str(rest // 60)
    shown = f"{minutes}:{rest % 60:02}"
    assert f"Talked:   {f'{hours}:' if hours else ''}{shown}\n" in out
