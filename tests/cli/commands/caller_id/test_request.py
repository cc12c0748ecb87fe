import pytest

from tests.cli import documents as d
from tests.cli.conftest import Moby
from tests.cli.stubs import StubServer


@pytest.fixture
def moby(moby: Moby) -> Moby:
    moby.env["MOBY_TOKEN"] = d.TOKEN
    return moby


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
    assert f"on its way to {d.PHONE} by a message" in out
    assert "moby caller-id confirm CODE" in out


def test_request_without_a_number_needs_a_terminal(moby: Moby, server: StubServer) -> None:
    ran = moby.run("caller-id", "request", "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")


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


def test_country_is_changed_and_shown(moby: Moby, server: StubServer) -> None:
    server.on("POST", "caller-ids/country", d.COUNTRY)
    ran = moby.run("caller-id", "country", "United", "Kingdom")
    assert server.received[0].json == {"country": "United Kingdom"}
    assert "is read as one in GB" in ran.stdout
    server.on("GET", "status", {**d.STATUS, "account": {"default_country": None}})
    assert moby.run("caller-id", "country", "--json").json == {"default_country": None}


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


def test_rates_ask_without_a_token(moby: Moby, server: StubServer) -> None:
    server.on("GET", "rates/GB", d.RATES)
    assert moby.run("rates", "GB", "--json", MOBY_TOKEN="").json == d.RATES
    assert "authorization" not in server.received[0].headers


def test_rates_are_told_to_whom_the_server_knows_no_more(moby: Moby, server: StubServer) -> None:
    server.refuse("GET", "rates/GB", 401, "token_expired")
    server.on("GET", "rates/GB", d.RATES)
    assert moby.run("rates", "GB", "--json").json == d.RATES
    assert "authorization" not in server.received[1].headers


def test_rates_say_which_country_a_number_is_in(moby: Moby, server: StubServer) -> None:
    server.on("GET", "rates", d.RATES)
    assert moby.run("rates", "020 7946 0018", "--country", "GB", "--json").code == 0
    assert server.received[0].query == {"number": ["020 7946 0018"], "country": ["GB"]}


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("United", "Kingdom"), "rates/United%20Kingdom"),
        (("+44",), "rates/%2B44"),
        (("+44 20 7946 0018",), "rates"),
    ],
)
def test_rates_take_names_and_numbers(
    moby: Moby, server: StubServer, words: tuple[str, ...], path: str
) -> None:
    server.on("GET", path, d.RATES)
    out = moby.run("rates", *words).stdout
    assert out.splitlines()[0] == "United Kingdom (GB), US dollars"
    assert "$0.012  60 s, then 1 s  +441, +442" in out


def test_rates_show_what_the_balance_buys(moby: Moby, server: StubServer) -> None:
    known = {
        "available": "18.70",
        "your_phone": {"e164": d.PHONE, "price_per_minute": "0.03"},
        "rates": [{**d.RATE, "buys_seconds": 26_715}],
    }
    server.on("GET", "rates/GB", {**d.RATES, **known})
    lines = moby.run("rates", "GB").stdout.splitlines()
    assert "$18.70 buys" in lines[1]
    assert "445 min" in lines[2]
    assert lines[3] == f"Your phone {d.PHONE} costs $0.03 a minute more."
