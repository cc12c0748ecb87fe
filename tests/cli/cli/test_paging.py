"""Lists in pages, and all pages in one."""

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer

pytestmark = pytest.mark.usefixtures("signed_in")


def test_calls_list_pages_and_joins(moby: Moby, server: StubServer) -> None:
    server.on("GET", "calls", d.page(d.COMPLETED, cursor="next"))
    server.on("GET", "calls", d.page(d.BUSY))
    ran = moby.run("calls", "list", "--all", "--json")
    assert [call["state"] for call in ran.json["items"]] == ["completed", "busy"]
    assert ran.json["next_cursor"] is None
    assert server.received[1].query == {"limit": ["100"], "cursor": ["next"]}
