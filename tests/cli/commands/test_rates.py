"""`moby rates`."""

import re

import pytest

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer

pytestmark = pytest.mark.usefixtures("signed_in")


def test_rates_ask_without_a_token(moby: Moby, server: StubServer) -> None:
    server.on("GET", "rates/GB", d.RATES)
    assert moby.run("rates", "GB", "--json", MOBY_TOKEN="").json == d.RATES
    assert "authorization" not in server.received[0].headers


def test_rates_are_shown_to_whom_the_server_knows_no_more(moby: Moby, server: StubServer) -> None:
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
    assert "$0.042  60 s, then 1 s  +441, +442" in out


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
    assert lines[3] == f"In all: from your phone {d.PHONE}, whose side is $0.03 of it."


def test_rates_show_the_whole_price_from_a_country(moby: Moby, server: StubServer) -> None:
    premium = {**d.RATE, "total_per_minute": {"callback": None, "computer": None}}
    server.on("GET", "rates/GB", {**d.RATES, "rates": [d.RATE, premium]})
    lines = moby.run("rates", "GB", "--from", "US").stdout.splitlines()
    assert server.received[0].query == {"from": ["US"]}
    assert "A minute in all" in lines[1]
    assert "$0.042" in lines[2]
    assert "no calls" in lines[3]
    assert lines[4] == "In all: from a mobile (United States), whose side is $0.03 of it."


def test_rates_show_the_price_through_a_computer_where_that_is_possible(
    moby: Moby, server: StubServer
) -> None:
    closed = {**d.RATE, "total_per_minute": {"callback": None, "computer": None}}
    both = {**d.RATE, "total_per_minute": {"callback": "0.042", "computer": "0.018"}}
    server.on("GET", "rates/GB", {**d.RATES, "rates": [both, closed]})
    lines = moby.run("rates", "GB", "--from", "US").stdout.splitlines()
    assert re.search(r"By phone  Computer  Charged in", lines[1])
    assert re.search(r"\$0\.042 +\$0\.018 +60 s, then", lines[2])
    assert re.search(r"no calls +60 s, then", lines[3])


def test_rates_of_a_server_without_whole_prices_are_of_their_side(
    moby: Moby, server: StubServer
) -> None:
    older = {key: value for key, value in d.RATES.items() if key != "from"}
    server.on("GET", "rates/GB", older)
    lines = moby.run("rates", "GB").stdout.splitlines()
    assert "Per minute" in lines[1]
    assert "$0.012" in lines[2]
    assert "--from US" in lines[3]
