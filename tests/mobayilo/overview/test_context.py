"""The context of every page: what it shows, and what it leaves unread."""

from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from tests.accounts.browser import sign_in
from tests.web.scenes import credit


def test_customer_sees_the_balance_on_every_page(client: Client, alice: User) -> None:
    credit(alice.account, 19_995_500)
    client.force_login(alice)
    for path in ("/home", "/accounts/2fa/", "/balance"):
        assert '<strong data-live="balance">$19.99</strong>' in client.get(path).content.decode()


def test_page_of_an_outage_touches_no_database(
    alice: User, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.ROOT_URLCONF = "tests.web.crashing_urls"
    client = sign_in(alice, Client(raise_request_exception=False))
    client.get("/outage")  # the first page of a session also notes the browser
    with django_assert_num_queries(0):
        assert client.get("/outage").status_code == 503


def test_foot_leads_to_legal_pages_where_there_are_some(client: Client, settings: Settings) -> None:
    assert 'href="/terms"' not in client.get("/contact").content.decode()
    settings.COMPANY_NAME, settings.COMPANY_ADDRESS = "Example Ltd", "1 Example Street; London"
    assert 'href="/terms"' in client.get("/contact").content.decode()
