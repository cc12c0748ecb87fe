"""The public price list."""

import pytest
from django.test import Client

from telephony.models import RateDeck
from tests.web.scenes import deck_in_force


@pytest.fixture
def deck(db: None) -> RateDeck:
    return deck_in_force()


def test_list_shows_the_lowest_price_of_each_country(client: Client, deck: RateDeck) -> None:
    page = client.get("/rates").content.decode()
    assert page.index("Ireland") < page.index("United Kingdom")
    assert "$0.0075" in page
    assert "$0.021" in page


def test_mobiles_without_a_prefix_of_their_own_cost_what_their_number_costs(
    client: Client, deck: RateDeck
) -> None:
    ireland = client.get("/rates").content.decode().partition("Ireland")[2].partition("</tr>")[0]
    assert ireland.count("$0.011") == 2


def test_search_by_country_names_steps_and_prefixes(client: Client, deck: RateDeck) -> None:
    page = client.get("/rates", {"q": "united kingdom"}).content.decode()
    assert "Rates to United Kingdom" in page
    assert 'class="below">billed in steps of 60 s, then 6 s<' in page
    assert "+447" in page


def test_search_by_number_takes_the_longest_prefix(client: Client, deck: RateDeck) -> None:
    page = client.get("/rates", {"q": "+44 20 7946 0018"}).content.decode()
    assert "$0.0075" in page
    assert "$0.009" not in page
    assert "moby call +442079460018" in page


@pytest.mark.parametrize(
    ("q", "words"),
    [
        ("Atlantis", "no country"),
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
