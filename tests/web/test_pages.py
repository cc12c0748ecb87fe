"""Every page, without a browser: its queries, its weight, its markup."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, get_resolver, resolve, reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from dev.pages import CUSTOMER_PAGES, THING_PAGES, VISITOR_PAGES
from tests.accounts.browser import enter_code, sign_in
from tests.accounts.device_logins import start
from tests.people import PASSWORD
from tests.production.addresses import addresses as of_things
from tests.production.addresses import belongings
from tests.web.scenes import busy_customer, many_movements, one_of_each, some_tokens
from tests.web.weight import MOST_BYTES, weight

MOST_QUERIES = 15


ANY_ID = {
    **dict.fromkeys(("call", "running", "topup", "waiting", "delayed", "disputed"), "x"),
    "month": "2026-11",
}
# Addresses to which the steps of dev/pages.py lead.
STEPS = [
    "/device/confirm",
    "/settings/tokens/review",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/2fa/totp/deactivate/",
    "/accounts/2fa/reauthenticate/",
    "/accounts/2fa/authenticate/",
]
EXAMPLE: dict[str, object] = {"session_id": 1, "pk": 1, "year": 2026, "month": 1, "outcome": "over"}
NOT_LISTED = {
    # Lead elsewhere
    "accounts:after-sign-in",
    # Need a link of a mail, a key in the hand, or a person without a password
    "account_set_password",
    "mfa_edit_webauthn",
    "mfa_reauthenticate_webauthn",
    "mfa_remove_webauthn",
    # Answer with something else than a page
    "billing:statement-csv",
    "billing:statement-json",
    "client:installer",
    "client:requirements",
    "client:wheel",
    "overview:favicon",
    "overview:robots-txt",
    "overview:security-txt",
    "overview:touch-icon",
    "probe",
    # Not there until the operator names the company, as tests of their own do
    "overview:privacy",
    "overview:refunds",
    "overview:terms",
    "overview:terms-accept",
    "healthz",
    "metrics",
    "mfa_download_recovery_codes",
    "mfa_login_webauthn",
    "oauth-metadata",
    "overview:balance",
    "readyz",
    "telephony:call-state",
    "telephony:calls-csv",
    "telephony:dial-offers",
    "telephony:number-check",
    # Takes a form, and asks first who one is
    "billing:topup-refund",
    # A way to sign in that is off
    "account_confirm_login_code",
}


# Take what programs send; no browser is led there.
TAKE_POST = {
    "access-token-alias",
    "device-authorization",
    "device-authorization-cancel",
    "device-code-alias",
}


def addresses(resolver: URLResolver, room: str = "") -> Iterator[tuple[str, dict[str, object]]]:
    """Name of every address outside the API and the admin, with examples of its parts."""
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            if not str(one.pattern).startswith(("admin", "api")):
                yield from addresses(one, f"{one.namespace}:" if one.namespace else room)
        elif not str(one.pattern).startswith("^"):  # those of mails, which are listed
            yield f"{room}{one.name}", {n: EXAMPLE.get(n, "x") for n in one.pattern.converters}


@pytest.fixture
def crowded(client: Client, alice: User) -> Client:
    """Return a client signed in as a user with many rows of everything."""
    busy_customer(alice, calls=120)
    many_movements(alice.account, 1_000)
    for number in range(33):
        some_tokens(alice, prefix=f"{number}-")
    sign_in(alice, client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.get("/home")  # the first page of a session also notes the browser
    return client


def test_pages_of_a_customer_are_light_and_ask_little(crowded: Client, alice: User) -> None:
    enter_code(crowded, start(Client())["user_code"])
    ids = one_of_each(alice)
    things = [path.format(**ids) for path in THING_PAGES.values()]
    wrong = []
    for path in [*CUSTOMER_PAGES.values(), *things, "/device/confirm"]:
        with CaptureQueriesContext(connection) as asked:
            response = crowded.get(path)
        bytes_sent = weight(response.content.decode())
        if response.status_code != 200 or len(asked) > MOST_QUERIES or bytes_sent > MOST_BYTES:
            wrong.append((path, response.status_code, len(asked), bytes_sent))
    assert wrong == []


@pytest.mark.parametrize(("path", "last_page"), [("/settings/tokens", 5), ("/settings/devices", 2)])
def test_every_token_is_on_one_of_the_pages(alice: User, path: str, last_page: int) -> None:
    for number in range(33):
        some_tokens(alice, prefix=f"{number}-")
    browser = sign_in(alice)
    pages = [browser.get(path, {"page": n}).content.decode() for n in range(1, last_page + 1)]
    live = re.findall(r"/settings/tokens/(tok_[^/]+)/revoke", "".join(pages))
    assert len(set(live)) == len(live) == {5: 99, 2: 33}[last_page]
    assert 'rel="next"' not in pages[-1]


@pytest.mark.usefixtures("still_clock")
def test_month_shows_a_page_and_leads_to_the_rest(client: Client, alice: User) -> None:
    many_movements(alice.account, 1_000)
    client.force_login(alice)
    path = f"/statement/{timezone.now():%Y-%m}"
    page = client.get(path).content.decode()
    assert page.count("Credit for a call") <= 50
    csv = re.search(r'href="(/statement.csv\?since=[^"]+)"', page)
    assert csv
    lines = b"".join(client.get(csv[1].replace("&amp;", "&"))).decode().splitlines()
    assert len(lines) > 1_000


@pytest.mark.parametrize("path", VISITOR_PAGES.values())
def test_page_of_a_visitor_is_light_and_asks_little(
    client: Client, db: None, django_assert_max_num_queries: DjangoAssertNumQueries, path: str
) -> None:
    with django_assert_max_num_queries(MOST_QUERIES):
        response = client.get(path)
    assert response.status_code == 200
    assert weight(response.content.decode()) < MOST_BYTES


def test_every_page_of_the_product_is_listed(alice: User) -> None:
    client = sign_in(alice)
    paths = [*VISITOR_PAGES.values(), *CUSTOMER_PAGES.values(), *STEPS]
    paths += [path.format_map(ANY_ID) for path in THING_PAGES.values()]
    listed = {resolve(path.partition("?")[0]).view_name for path in paths}
    missing = {name: parts for name, parts in addresses(get_resolver()) if name not in listed}
    for name in NOT_LISTED:
        del missing[name]
    # An address that takes a form leads to the page that the form is on.
    paths_of_things = {resolve(a.path).view_name: a.path for a in of_things(belongings(alice))}
    unlisted = {
        name
        for name, parts in missing.items()
        if leads_to(client, paths_of_things.get(name) or reverse(name, kwargs=parts)) not in listed
    }
    assert {n for n in unlisted if "webhook" not in n and "oauth" not in n} == TAKE_POST


def leads_to(client: Client, path: str) -> str:
    """Return the name of the page to which an address redirects, or nothing."""
    answer = client.get(path)
    if answer.status_code != 302:
        return ""
    return resolve(urlsplit(answer.headers["Location"]).path).view_name


@pytest.mark.parametrize("path", [*VISITOR_PAGES.values(), *CUSTOMER_PAGES.values()])
def test_page_has_no_inline_script_or_style(client: Client, alice: User, path: str) -> None:
    if path in CUSTOMER_PAGES.values():
        client.force_login(alice)
    page = client.get(path).content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)
    for attributes in re.findall(r"<script([^>]*)>", page):
        assert "src=" in attributes or "application/json" in attributes
