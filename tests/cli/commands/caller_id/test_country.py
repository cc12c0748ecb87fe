"""`moby caller-id country`."""

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer

pytestmark = pytest.mark.usefixtures("signed_in")


def test_country_is_changed_and_shown(moby: Moby, server: StubServer) -> None:
    server.on("POST", "caller-ids/country", d.COUNTRY)
    ran = moby.run("caller-id", "country", "United", "Kingdom")
    assert server.received[0].json == {"country": "United Kingdom"}
    assert "is read as one in GB" in ran.stdout
    server.on("GET", "status", {**d.STATUS, "account": {"default_country": None}})
    assert moby.run("caller-id", "country", "--json").json == {"default_country": None}
