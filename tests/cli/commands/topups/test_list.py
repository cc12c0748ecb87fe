"""`moby topups`."""

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer

pytestmark = pytest.mark.usefixtures("signed_in")


def test_topups_are_listed_and_shown(moby: Moby, server: StubServer) -> None:
    server.on("GET", "topups", d.page(d.PAID_TOPUP, d.TOPUP))
    listed = moby.run("topups", "list").stdout
    assert [line.split()[3] for line in listed.splitlines()[1:]] == ["paid", "pending"]
    server.on("GET", "topups/top_1", d.TOPUP)
    assert d.TOPUP["checkout_url"] in moby.run("topups", "show", "top_1").stdout
    server.on("GET", "topups/top_1", d.TOPUP)
    assert moby.run("topups", "show", "top_1", "--json").json == d.TOPUP
    server.on("GET", "topups", d.page())
    assert "No top-ups yet" in moby.run("topups", "list").stdout
