"""The frame around every page."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from tests.people import PASSWORD


def test_visitor_sees_no_navigation_of_customers(client: Client, db: None) -> None:
    page = client.get("/").content.decode()
    assert "Sign up" in page
    assert "side-nav" not in page


def test_customer_sees_who_is_signed_in_and_where(client: Client, alice: User) -> None:
    client.force_login(alice)
    page = client.get("/home").content.decode()
    assert "alice@example.org" in page
    assert re.search(r'href="/home"\s+aria-current="page"', page)


@pytest.mark.parametrize(
    ("path", "where", "leads_back_to"),
    [
        ("/accounts/2fa/", "/settings/security", "/settings/security"),
        ("/accounts/2fa/webauthn/", "/settings/security", "/accounts/2fa/"),
        ("/accounts/password/change/", "/settings/security", "/settings/security"),
        ("/statement/2026-01", "/statement", "/statement"),
    ],
)
def test_page_below_another_shows_where_one_is_and_leads_back(
    client: Client, alice: User, path: str, where: str, leads_back_to: str
) -> None:
    client.force_login(alice)
    page = client.get(path).content.decode()
    assert re.search(rf'href="{where}"\s+aria-current="page"', page)
    assert re.search(rf'class="back">\s*<a class="button-icon" href="{leads_back_to}"', page)


def test_home_does_not_say_that_one_just_signed_in(client: Client, alice: User) -> None:
    form = {"login": alice.email, "password": PASSWORD}
    page = client.post("/accounts/login/", form, follow=True).content.decode()
    assert "Home · Mobayilo" in page
    assert 'class="notice' not in page


def test_balance_alone_is_for_its_customer_and_costs_little(
    client: Client, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    assert client.get("/balance").status_code == 302
    client.force_login(alice)
    client.get("/home")
    with django_assert_max_num_queries(9):
        answer = client.get("/balance")
    assert (answer["X-Poll-After-Seconds"], len(answer.content) < 500) == ("30", True)


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/accounts/signup/", "/home"])
def test_every_foot_says_that_emergencies_are_not_served(
    client: Client, alice: User, path: str
) -> None:
    if path == "/home":
        client.force_login(alice)
    assert "cannot call emergency numbers" in client.get(path).content.decode()


def test_foot_leads_customers_nowhere_that_leads_back(client: Client, alice: User) -> None:
    assert ">About<" in client.get("/rates").content.decode()
    client.force_login(alice)
    assert ">About<" not in client.get("/rates").content.decode()


def test_sign_up_warns_about_emergencies_before_the_button(client: Client, db: None) -> None:
    page = client.get("/accounts/signup/").content.decode()
    assert page.index("cannot be used for emergency calls") < page.index("Create account</button>")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/malformed", 400),
        ("/forbidden", 403),
        ("/nowhere", 404),
        ("/crash", 500),
        ("/outage", 503),
        ("/accounts/logout/", 403),  # a form without its token
        ("/accounts/login/", 429),
    ],
)
@pytest.mark.usefixtures("still_clock")
def test_refusal_is_a_page_in_the_design_with_the_request_id(
    db: None, settings: Settings, path: str, status: int
) -> None:
    settings.ROOT_URLCONF = "tests.web.crashing_urls"
    browser = Client(raise_request_exception=False, enforce_csrf_checks=status == 403)
    for _ in range(40 if status == 429 else 1):
        answer = browser.post(path, {"login": "x@example.org", "password": "x"})
    page = answer.content.decode()
    assert answer.status_code == status
    assert f"<code>{answer['X-Request-Id']}</code>" in page
    assert 'class="wordmark"' in page
    assert "cannot call emergency numbers" in page
