"""Requests, as `-vv` shows them."""

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.shown import CODE
from tests.cli.stubs import StubServer


def test_numbers_in_addresses_keep_four_digits(moby: Moby, server: StubServer) -> None:
    server.on("GET", "rates", d.RATES)
    ran = moby.run("rates", d.DESTINATION, "-vvv", "--json")
    assert "number=…0018" in ran.stderr
    assert d.DESTINATION not in ran.stderr


def test_error_of_a_code_keeps_its_name_in_the_trace(moby: Moby, server: StubServer) -> None:
    server.refuse("POST", "caller-ids/confirm", 422, "wrong_code")
    ran = moby.run("caller-id", "confirm", CODE, "-vvv", MOBY_TOKEN=d.TOKEN)
    assert ran.code == 1
    assert '"code": "wrong_code"' in ran.stderr
    assert '"code": "****"' in ran.stderr
    assert CODE not in ran.stderr
