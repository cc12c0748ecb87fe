"""`moby caller-id confirm`."""

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer

pytestmark = pytest.mark.usefixtures("signed_in")


def test_confirm_takes_the_code_alone(moby: Moby, server: StubServer) -> None:
    server.on("POST", "caller-ids/confirm", d.CALLER_ID)
    assert moby.run("caller-id", "confirm", "123 456", "--json").json == d.CALLER_ID
    assert server.received[0].json == {"code": "123456"}


def test_confirm_takes_the_older_form(moby: Moby, server: StubServer) -> None:
    server.on("POST", "caller-ids/confirm", {**d.CALLER_ID, "is_default": False})
    ran = moby.run("caller-id", "confirm", "07400123456", "123456", "--country", "GB")
    sent = {"code": "123456", "number": "07400123456", "country": "GB"}
    assert server.received[0].json == sent
    assert "moby caller-id default cid_1" in ran.stdout
