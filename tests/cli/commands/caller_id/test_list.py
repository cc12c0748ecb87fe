"""`moby caller-id list`."""

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer

pytestmark = pytest.mark.usefixtures("signed_in")


def test_list_shows_phones_and_what_is_pending(moby: Moby, server: StubServer) -> None:
    found = {"items": [d.CALLER_ID], "pending": d.VERIFICATION}
    server.on("GET", "caller-ids", found)
    out = moby.run("caller-id", "list").stdout
    assert out.splitlines()[1].split()[:3] == [d.PHONE, "GB", "yes"]
    assert f"A code was sent to {d.PHONE}" in out
    server.on("GET", "caller-ids", found)
    assert moby.run("caller-id", "list", "--json").json == found
    server.on("GET", "caller-ids", {"items": [], "pending": None})
    assert "No phone yet" in moby.run("caller-id", "list").stdout
