"""No address shows data of another account. Generated from the URL list."""

from urllib.parse import urlencode, urlsplit

import pytest
from django.contrib.auth import SESSION_KEY
from django.http import HttpResponseBase
from django.test import Client
from pytest_django import Settings

from accounts.models import AccessToken, User
from telephony.models import CallerId
from tests.people import api_client, new_token
from tests.production.addresses import Address, addresses, belongings
from tests.production.doors import OPEN_TO_ALL, sign_in

pytestmark = pytest.mark.django_db
EVIL = "https://evil.example/"
# Whatever pages call the place to go on to.
WHERE_TO = ("next", "back", "return_to", "redirect", "url", "to", "continue")


@pytest.fixture(autouse=True)
def _unlimited(settings: Settings) -> None:
    settings.RATELIMIT_ENABLE = False
    settings.ACCOUNT_RATE_LIMITS = False


@pytest.fixture
def of_alice(alice: User) -> list[Address]:
    return [address for address in addresses(belongings(alice)) if not address.is_admin]


def text_of(answer: HttpResponseBase) -> str:
    return b"".join(answer).decode(errors="replace")


def facts_about(user: User) -> dict[str, str]:
    """Return the data that no other account may read: ids, phone, address, names of tokens."""
    account = user.account
    phone = CallerId.objects.get(account=account)
    token = AccessToken.objects.get(user=user)
    return {
        "e-mail": user.email,
        "account": account.public_id,
        "phone": phone.e164,
        "caller ID": phone.public_id,
        "call": account.calls.get().public_id,
        "top-up": account.topups.get().public_id,
        "transfer": account.wallet.transfers.latest("pk").public_id,
        "token": token.public_id,
    }


def everything(user: User, listed: list[Address], **query: str) -> dict[str, str]:
    """The text of each address as this person gets it."""
    browser, program = sign_in(user), api_client(new_token(user).secret)
    shown = {
        a.pattern: text_of((browser if a.is_page else program).get(a.path, query)) for a in listed
    }
    return {pattern: text.replace(query.get("q", ""), "") for pattern, text in shown.items()}


@pytest.mark.parametrize("search", ["", "alice@example.org", "+447400123456"])
def test_lists_months_and_searches_show_nothing_of_a_stranger(
    alice: User, charlie: User, of_alice: list[Address], search: str
) -> None:
    facts = facts_about(alice)
    shared = [address for address in of_alice if not address.is_owned]
    texts = everything(charlie, shared, q=search, number=search, to=search)
    shown = [(p, fact) for p, text in texts.items() for fact, word in facts.items() if word in text]
    assert len(texts) > 40
    assert shown == []


def test_owner_is_shown_each_of_these_facts(alice: User, of_alice: list[Address]) -> None:
    facts = facts_about(alice)
    texts = everything(alice, [address for address in of_alice if not address.is_owned])
    whole = "\n".join(texts.values())
    assert [fact for fact, word in facts.items() if word not in whole] == []


def test_private_answers_of_the_api_are_stored_and_read_by_no_one_else(
    alice: User, of_alice: list[Address]
) -> None:
    program = api_client(new_token(alice).secret)
    private = [a for a in of_alice if a.pattern.startswith("api/") and a.pattern not in OPEN_TO_ALL]
    for address in private:
        for client in (program, Client()):
            for method in ("GET", "POST", "OPTIONS"):
                answer = client.generic(
                    method, address.path, "{}", "application/json", headers={"Origin": EVIL[:-1]}
                )
                told = (method, address.pattern, answer.status_code)
                assert "no-store" in answer.get("Cache-Control", ""), told
                assert not [n for n in answer.headers if n.startswith("Access-Control-")], told
    assert len(private) > 20


def test_no_address_leads_to_another_site(alice: User, of_alice: list[Address]) -> None:
    places = dict.fromkeys(WHERE_TO, EVIL)
    form, kind = urlencode(places), "application/x-www-form-urlencoded"
    program, browser = api_client(new_token(alice).secret), sign_in(alice)
    followed = {}
    for address in of_alice:
        if SESSION_KEY not in browser.session:  # an address signs out
            browser = sign_in(alice)
        client = browser if address.is_page else program
        for method in ("GET", "POST"):
            answer = client.generic(
                method, address.path, form, kind, query_params=places, headers={"Referer": EVIL}
            )
            host = urlsplit(answer.get("Location", "")).netloc
            if host not in ("", "testserver"):
                followed[method, address.pattern] = answer["Location"]
    assert followed == {}
