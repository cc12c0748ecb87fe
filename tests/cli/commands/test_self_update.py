"""`moby self-update`."""

import json

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


@pytest.mark.parametrize(
    ("latest", "oldest", "line"),
    [
        ("0.1.0", "0.1.0", "moby 0.1.0 is up to date."),
        ("0.0.9", "0.0.1", "moby 0.1.0 is up to date."),
        ("0.10.0", "0.1.0", "Update available: v0.10.0"),
        ("1.0.0", "0.9.0", "This server needs moby v0.9.0 or newer; you have 0.1.0."),
    ],
)
def test_self_update_tells(
    moby: Moby, server: StubServer, latest: str, oldest: str, line: str
) -> None:
    server.on("GET", "client", d.offered(latest, oldest))
    out = moby.run("self-update", "--check").stdout
    assert line in out
    assert ("Get it with: " in out) is ("up to date" not in out)


def test_self_update_as_a_document(moby: Moby, server: StubServer) -> None:
    server.on("GET", "client", d.offered("9.0.0", "0.1.0"))
    document = json.loads(moby.run("self-update", "--check", "--json").stdout)
    assert (document["update_available"], document["update_needed"]) == (True, False)
    assert document["command"]
