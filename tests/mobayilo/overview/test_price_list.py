"""The public price list."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from telephony.models import RateDeck
from tests.web.scenes import deck_in_force, proved_phone


@pytest.fixture
def deck(db: None) -> RateDeck:
    return deck_in_force()


def rows(page: str) -> dict[str, str]:
    """The rows of the table by the country's name."""
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return {row.partition("</a>")[0].rpartition(">")[2]: row for row in table.split("</tr>")}


def test_list_shows_the_lowest_whole_price_of_each_country(client: Client, deck: RateDeck) -> None:
    found = rows(client.get("/rates").content.decode())
    assert list(found).index("Ireland") < list(found).index("United Kingdom")
    # A visitor whose country is unknown calls from a mobile in the United States, for $0.01.
    assert "$0.0175" in found["United Kingdom"]
    assert "$0.031" in found["United Kingdom"]
    assert "322 min" in found["United Kingdom"]  # $10 / $0.031


def test_visitor_chooses_where_the_phone_is(client: Client, deck: RateDeck) -> None:
    page = client.get("/rates", {"from": "GB"}).content.decode()
    assert "from a mobile (United Kingdom)" in " ".join(page.split())
    assert "$0.032" in rows(page)["Ireland"]
    assert "?q=IE&amp;from=GB" in rows(page)["Ireland"]


def test_landing_page_prices_from_the_country_of_the_browser(
    client: Client, deck: RateDeck, settings: Settings
) -> None:
    settings.CLIENT_COUNTRY_HEADER = "CF-IPCountry"
    page = client.get("/", headers={"CF-IPCountry": "GB"}).content.decode()
    assert '<option value="GB" selected>' in page
    assert "$0.0285" in rows(page)["United Kingdom"]
    nowhere = client.get("/", headers={"CF-IPCountry": "XX"}).content.decode()
    assert '<option value="US" selected>' in nowhere


def test_customer_sees_prices_from_the_own_phone(
    client: Client, alice: User, deck: RateDeck
) -> None:
    proved_phone(alice, "+353861234567")
    client.force_login(alice)
    for path in ("/rates", "/home"):
        page = client.get(path).content.decode()
        assert "your phone +353 86 123 4567" in " ".join(page.split())
        assert "$0.032" in rows(page)["United Kingdom"]


def test_hint_under_a_number_has_the_whole_price(client: Client, deck: RateDeck) -> None:
    typed = {"number": "+44 20 7946 0018"}
    priced = client.get("/numbers/check", {**typed, "from": "IE"}).content.decode()
    assert priced.endswith("fixed): $0.0185 a minute in all, from a mobile (Ireland)")
    own = client.get("/numbers/check", {**typed, "own": "yes"}).content.decode()
    assert own == "+44 20 7946 0018 (United Kingdom, fixed)"
    bad = client.get("/numbers/check", {**typed, "from": "Atlantis"}).content.decode()
    assert "not a country" in bad


def test_mobiles_without_a_prefix_of_their_own_cost_what_their_number_costs(
    client: Client, deck: RateDeck
) -> None:
    ireland = rows(client.get("/rates", {"from": "IE"}).content.decode())["Ireland"]
    assert ireland.count("$0.022") == 2


def test_search_by_country_names_steps_and_prefixes(client: Client, deck: RateDeck) -> None:
    page = client.get("/rates", {"q": "united kingdom"}).content.decode()
    assert "Rates to United Kingdom" in page
    assert 'class="below">billed in steps of 60 s, then 6 s<' in page
    assert "+447" in page


def test_search_by_number_takes_the_longest_prefix(client: Client, deck: RateDeck) -> None:
    page = client.get("/rates", {"q": "+44 20 7946 0018"}).content.decode()
    assert "$0.0175" in page
    assert "$0.019" not in page
    assert "$0.01 of each minute is for a mobile (United States)" in page
    assert "571 min" in page
    assert "moby call +442079460018" in page


@pytest.mark.parametrize(
    ("q", "words"),
    [
        ("Atlantis", "not a country"),
        ("+1 000 000 0000", "+1"),
        ("020 7946 0018", "Begin with + and the code of its country"),
    ],
)
def test_search_that_cannot_be_answered_says_why(
    client: Client, deck: RateDeck, q: str, words: str
) -> None:
    response = client.get("/rates", {"q": q})
    assert response.status_code == 200
    assert words in response.content.decode()
    assert 'role="alert"' in response.content.decode()


def test_number_without_a_price_cannot_be_called(client: Client, deck: RateDeck) -> None:
    page = client.get("/rates", {"q": "+33 1 42 68 53 00"}).content.decode()
    assert "cannot be called" in page


def test_installation_without_prices_says_so(client: Client, db: None) -> None:
    assert "No prices have been set yet" in client.get("/rates").content.decode()
