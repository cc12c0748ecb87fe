"""The help page: linked from everywhere, true to the settings."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.mail import queue_mail, send_due
from accounts.models import User
from dev.pages import CUSTOMER_PAGES, VISITOR_PAGES

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", [*VISITOR_PAGES.values(), "/nowhere"])
def test_each_page_of_a_visitor_leads_to_the_help_page(client: Client, path: str) -> None:
    assert 'href="/help"' in client.get(path).content.decode()


@pytest.mark.parametrize("path", CUSTOMER_PAGES.values())
def test_each_page_of_a_customer_leads_to_the_help_page(
    client: Client, alice: User, path: str
) -> None:
    client.force_login(alice)
    assert 'href="/help"' in client.get(path, follow=True).content.decode()


def test_mail_leads_to_the_help_page(alice: User, mailoutbox: list[object]) -> None:
    queue_mail(alice, template="accounts/mail/token_leaked", context={"name": "x"}, key="one")
    send_due()
    [sent] = mailoutbox
    assert "/help" in str(sent.body)  # type: ignore[attr-defined]  # Django's message


def test_questions_have_an_address(client: Client) -> None:
    assert client.get("/faq").headers["Location"] == "/help#faq"
    page = client.get("/help").content.decode()
    for question in ("cost", "number", "voicemail", "refund", "failed", "emergency"):
        assert f'id="{question}"' in page


@pytest.mark.parametrize(
    ("charges", "seconds", "words", "missing"),
    [
        (False, 3, "less than 3 seconds costs nothing", "only the time that your own phone"),
        (True, 0, "only the time that your own phone", "costs nothing either"),
    ],
)
def test_answers_about_cost_follow_the_settings(
    client: Client, settings: Settings, charges: bool, seconds: int, words: str, missing: str
) -> None:
    settings.CHARGE_UNANSWERED_CALLS, settings.FALSE_ANSWER_SECONDS = charges, seconds
    page = client.get("/help").content.decode()
    assert words in page
    assert missing not in page


@pytest.mark.parametrize("address", ["", "help@example.com"])
def test_address_of_support_is_on_the_page(
    client: Client, settings: Settings, address: str
) -> None:
    settings.SUPPORT_EMAIL = address
    page = client.get("/help").content.decode()
    assert ("help@example.com" in page) == bool(address)
