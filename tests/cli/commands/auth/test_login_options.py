"""Options of `moby auth login`, as the server gets them."""

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.signing_in import sign_in
from tests.cli.stubs import StubServer


def test_login_asks_for_what_the_options_say(moby: Moby, server: StubServer) -> None:
    words = ["--name", "ci", "--scopes", "calls:write,calls:read", "--expires", "7d"]
    guards = ["--max-per-day", "5.00", "--max-per-call", "$1", "--caller-id", d.PHONE]
    places = ["--allow", "South Korea", "--allow", "gb +4420"]
    sign_in(moby, server, *words, *guards, *places)
    wishes = server.received[0].form
    assert wishes["token_name"] == "ci"
    assert wishes["scope"] == "calls:write calls:read"
    assert wishes["expires_in_days"] == "7"
    assert (wishes["max_cents_per_day"], wishes["max_cents_per_call"]) == ("500", "100")
    assert (wishes["destinations"], wishes["caller_ids"]) == ("South Korea, gb, +4420", d.PHONE)
