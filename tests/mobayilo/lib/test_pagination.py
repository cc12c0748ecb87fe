"""`?limit=` and `?cursor=`, which every list of the API takes."""

from base64 import b64encode

import pytest

from accounts.models import User
from tests.people import api_client, new_token

pytestmark = [pytest.mark.db, pytest.mark.django_db]
LISTS = ("calls", "transactions", "topups", "tokens", "sessions")
SCOPES = ("account:read", "billing:read", "calls:read", "tokens:write")


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "asked",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "-1"},
        {"limit": "many"},
        {"limit": ""},
        {"cursor": "zzz"},
        {"cursor": encoded("p=abc")},
        {"cursor": encoded("p=1.5")},
        {"cursor": encoded("p=-1")},
        {"cursor": encoded("p=%00")},
        {"cursor": encoded("p=%D9%A3")},
        {"cursor": encoded("p=" + "9" * 30)},
        {"cursor": encoded("o=5")},
    ],
    ids=str,
)
def test_list_refuses_a_page_that_it_cannot_give(
    alice: User, name: str, asked: dict[str, str]
) -> None:
    client = api_client(new_token(alice, *SCOPES).secret)
    answer = client.get(f"/api/cli/v1/{name}", asked)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert answer.json()["error"]["details"]["fields"].keys() == asked.keys()


@pytest.mark.parametrize(
    ("asked", "for_program", "for_moby"),
    [
        ({"cursor": "zzz"}, "`cursor` cannot be used.", "That --cursor cannot be used."),
        ({"state": "foo"}, "A filter cannot be used.", "One of the values cannot be used."),
    ],
)
def test_list_names_what_it_cannot_use_in_the_words_of_its_reader(
    alice: User, asked: dict[str, str], for_program: str, for_moby: str
) -> None:
    client = api_client(new_token(alice, *SCOPES).secret)
    program = client.get("/api/cli/v1/calls", asked).json()["error"]
    moby = client.get("/api/cli/v1/calls", asked, headers={"X-Client-Id": "moby-cli"}).json()
    assert (program["message"], moby["error"]["message"]) == (for_program, for_moby)
    assert moby["error"]["details"] == program["details"]


def test_empty_cursor_asks_for_the_first_page(alice: User) -> None:
    client = api_client(new_token(alice, *SCOPES).secret)
    first = client.get("/api/cli/v1/tokens", {"cursor": ""})
    assert (first.status_code, len(first.json()["items"])) == (200, 1)
