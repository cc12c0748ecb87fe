"""`moby calls hangup`."""

import pytest

from tests.cli.placing import TALKED
from tests.cli.program import Moby
from tests.cli.stubs import StubServer

pytestmark = pytest.mark.usefixtures("signed_in")


def test_calls_hangup_ends_one_from_anywhere(moby: Moby, server: StubServer) -> None:
    server.on("POST", "calls/call_1/hangup", TALKED)
    assert moby.run("calls", "hangup", "call_1", "--json").json["state"] == "completed"
    server.on("POST", "calls/call_1/hangup", TALKED)
    assert "moby calls show call_1" in moby.run("calls", "hangup", "call_1").stdout
