"""Phones, named by id or number."""

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer

pytestmark = pytest.mark.usefixtures("signed_in")


@pytest.mark.parametrize("phone", ["cid_1", d.PHONE, "07400 123456"])
def test_phone_is_named_by_id_or_number(moby: Moby, server: StubServer, phone: str) -> None:
    for _ in range(2 * (phone != "cid_1")):
        server.on("GET", "caller-ids", {"items": [d.CALLER_ID], "pending": None})
    server.on("POST", "caller-ids/cid_1/default", d.CALLER_ID)
    server.on("DELETE", "caller-ids/cid_1", status=204)
    assert moby.run("caller-id", "default", phone, "--json").json == d.CALLER_ID
    assert moby.run("caller-id", "remove", phone, "--json").json == {"id": "cid_1", "removed": True}


def test_number_needs_no_quotes(moby: Moby, server: StubServer) -> None:
    server.on("POST", "caller-ids", d.VERIFICATION, status=201)
    moby.run("caller-id", "request", "07400", "123456", "--country", "GB")
    assert server.received[0].json["number"] == "07400 123456"
    server.on("GET", "caller-ids", {"items": [d.CALLER_ID], "pending": None})
    server.on("DELETE", "caller-ids/cid_1", status=204)
    assert moby.run("caller-id", "remove", "07400", "123456").code == 0


@pytest.mark.parametrize("phone", ["+15550100", "000000", "3456"])
def test_phone_that_is_not_ones_own_is_not_found(
    moby: Moby, server: StubServer, phone: str
) -> None:
    server.on("GET", "caller-ids", {"items": [d.CALLER_ID], "pending": None})
    ran = moby.run("caller-id", "remove", phone, "--json")
    assert (ran.code, ran.error["code"]) == (6, "not_found")
