import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer
from tests.cli.terminal import finish

pytestmark = pytest.mark.usefixtures("signed_in")


def test_request_sends_what_was_typed(moby: Moby, server: StubServer) -> None:
    server.on("POST", "caller-ids", d.VERIFICATION, status=201)
    words = ("07400 123456", "--country", "GB", "--channel", "call", "--json")
    ran = moby.run("caller-id", "request", *words)
    sent = {"number": "07400 123456", "country": "GB", "channel": "call"}
    assert server.received[0].json == sent
    assert server.received[0].headers["idempotency-key"]
    assert ran.json.keys() >= {
        "verification_id",
        "e164",
        "channel",
        "expires_at",
        "attempts_left",
    }


def test_request_tells_a_person_what_to_do_next(moby: Moby, server: StubServer) -> None:
    server.on("POST", "caller-ids", d.VERIFICATION, status=201)
    out = moby.run("caller-id", "request", d.PHONE).stdout
    assert f"on its way to {d.PHONE} by SMS" in out
    assert "moby caller-id confirm CODE" in out


def test_request_without_a_number_needs_a_terminal(moby: Moby, server: StubServer) -> None:
    ran = moby.run("caller-id", "request", "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")


def test_caller_id_request_guides(moby: Moby, server: StubServer) -> None:
    number = {
        "e164": d.PHONE,
        "country": "GB",
        "country_name": "United Kingdom",
        "kind": "mobile",
        "international": "+44 7400 123456",
        "callable": True,
        "reason": None,
    }
    server.refuse("POST", "numbers/check", 400, "invalid_number", message="Too short.")
    server.on("POST", "numbers/check", number)
    server.on("POST", "caller-ids", {**d.VERIFICATION, "channel": "call"}, status=201)
    child = moby.spawn("caller-id", "request", MOBY_TOKEN=d.TOKEN)
    child.expect("Country")
    child.sendline("GB")
    child.expect("Its number")
    child.sendline("07400")
    child.expect("Too short")
    child.expect("Its number")
    child.sendline("07400 123456")
    child.expect(r"\+44 7400 123456 \(United Kingdom\): is that your phone\? \[Y/n\]: ")
    child.sendline()
    child.expect("How should the code come")
    child.sendline("2")
    child.expect("by a voice call")
    server.refuse("POST", "caller-ids/confirm", 422, "wrong_code", message="Not that one.")
    server.on("POST", "caller-ids/confirm", d.CALLER_ID)
    child.expect("The code")
    child.sendline("1234 S6")
    child.expect("is not a code")
    child.sendline("000000")
    child.expect("Not that one")
    child.sendline("123 456")
    text, code = finish(child)
    assert (code, "is yours" in text) == (0, True)
    sent = {"number": d.PHONE, "country": "GB", "channel": "call"}
    assert server.received[2].json == sent
    assert server.received[-1].json == {"code": "123456", "verification_id": "ver_1"}
