"""`moby calls show`."""

import pytest

from tests.cli import documents as d
from tests.cli.placing import then
from tests.cli.program import Moby
from tests.cli.stubs import StubServer

pytestmark = pytest.mark.usefixtures("signed_in")


def test_calls_show_is_the_receipt(moby: Moby, server: StubServer) -> None:
    then(server, d.COMPLETED, d.COMPLETED)
    assert moby.run("calls", "show", "call_1", "--json").json["receipt"] == d.RECEIPT
    assert "Total: $0.073" in moby.run("calls", "show", "call_1").stdout


def test_ids_cannot_reach_other_paths(moby: Moby, server: StubServer) -> None:
    server.refuse("GET", "calls/..%2Fbalance", 404, "not_found")
    assert moby.run("calls", "show", "../balance").code == 6
