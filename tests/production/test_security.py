"""Every address against strangers, and its security headers. Generated from the URL list."""

from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.people import PASSWORD, api_client, new_token, person
from tests.production.addresses import Address, addresses, belongings, state_of
from tests.production.doors import OPEN_TO_ALL, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_unlimited")]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Programs send these without a page of ours; each is met by other means.
WITHOUT_CSRF = ("api/", "oauth/", "login/", "webhooks/", ".well-known/")


@pytest.fixture
def _unlimited(settings: Settings) -> None:
    """The matrix asks more often than any person."""
    settings.RATELIMIT_ENABLE = False
    settings.ACCOUNT_RATE_LIMITS = False


def ask(client: Client, method: str, path: str) -> int:
    """The status of an answer."""
    body = b"{}" if path.startswith("/api/") else b""
    kind = "application/json" if body else "application/x-www-form-urlencoded"
    return client.generic(method, path, body, content_type=kind).status_code


@pytest.fixture
def of_alice(alice: User) -> list[Address]:
    return addresses(belongings(alice))


def test_stranger_reaches_nothing_of_alice(
    alice: User, charlie: User, of_alice: list[Address]
) -> None:
    browser, program = sign_in(charlie), api_client(new_token(charlie).secret)
    owned = [address for address in of_alice if address.is_owned]
    before = state_of(alice)
    reached = {
        (method, address.pattern): status
        for address in owned
        for method in METHODS
        for client in [browser if address.is_page else program]
        if (status := ask(client, method, address.path)) not in (403, 404, 405)
        # The pages of passkeys send a user without one to the page that adds one.
        and (status, "webauthn" in address.pattern) != (302, True)
    }
    assert len(owned) > 15
    assert reached == {}
    assert state_of(alice) == before


def test_owner_and_teammate_reach_what_the_stranger_does_not(
    alice: User, bob: User, of_alice: list[Address]
) -> None:
    shared = [a for a in of_alice if a.is_owned and "calls/<str:public_id>" in a.pattern]
    for user in (alice, bob):
        browser, program = sign_in(user), api_client(new_token(user).secret)
        for address in shared:
            client = browser if address.is_page else program
            assert {ask(client, m, address.path) for m in METHODS} != {404}, address


def test_teammate_does_not_reach_the_tokens_of_alice(
    alice: User, bob: User, of_alice: list[Address]
) -> None:
    browser, program = sign_in(bob), api_client(new_token(bob).secret)
    words = ("tokens/<", "sessions/<")
    personal = [a for a in of_alice if a.is_owned and any(word in a.pattern for word in words)]
    before = state_of(alice)["AccessToken"]
    for address in personal:
        client = browser if address.is_page else program
        statuses = {ask(client, method, address.path) for method in METHODS}
        assert statuses <= {403, 404, 405}, address
    assert len(personal) == 5
    assert state_of(alice)["AccessToken"] == before


def test_only_the_open_addresses_answer_someone_unknown(of_alice: list[Address]) -> None:
    seen = {a.pattern for a in of_alice if ask(Client(), "GET", a.path) == 200}
    assert seen - {"admin/jsi18n/"} == OPEN_TO_ALL


def test_no_one_unknown_changes_anything_of_alice(alice: User, of_alice: list[Address]) -> None:
    before = state_of(alice)
    succeeded = {
        (method, address.pattern)
        for address in of_alice
        for method in METHODS[1:]
        if address.is_owned and ask(Client(), method, address.path) < 300
    }
    assert succeeded == set()
    assert state_of(alice) == before


def test_method_that_an_address_does_not_take_is_refused_in_our_shape(alice: User) -> None:
    program = api_client(new_token(alice).secret)
    refused = program.post("/api/cli/v1/balance", {}, content_type="application/json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (405, "method_not_allowed")
    assert refused["Allow"] == "GET, HEAD, OPTIONS"
    assert program.head("/api/cli/v1/balance").status_code == 200
    assert program.options("/api/cli/v1/balance").status_code == 405
    assert program.options("/api/cli/v1/client").status_code == 405


def test_admin_opens_to_no_customer(charlie: User, of_alice: list[Address]) -> None:
    browser = sign_in(charlie)
    admin = [a for a in of_alice if a.is_admin]
    opened = {
        address.pattern
        for address in admin
        for method in ("GET", "POST")
        if ask(browser, method, address.path) == 200
    }
    assert len(admin) > 50
    assert opened - {"admin/jsi18n/"} == set()


def test_every_form_of_a_page_needs_its_csrf_token(alice: User, of_alice: list[Address]) -> None:
    browser = sign_in(alice, csrf=True)
    before = state_of(alice)
    pages = [a for a in of_alice if a.is_page and not a.is_csrf_exempt]
    sent = {a.pattern: ask(browser, "POST", a.path) for a in pages}
    assert {pattern: status for pattern, status in sent.items() if status != 403} == {}
    assert state_of(alice) == before


def test_only_addresses_of_programs_go_without_csrf(of_alice: list[Address]) -> None:
    exempt = {a.pattern for a in of_alice if a.is_csrf_exempt}
    assert {pattern for pattern in exempt if not pattern.startswith(WITHOUT_CSRF)} == set()


def test_cookie_of_the_browser_is_no_sign_in_for_the_api(
    alice: User, of_alice: list[Address]
) -> None:
    browser = sign_in(alice)
    private = [a for a in of_alice if a.pattern.startswith("api/") and a.pattern not in OPEN_TO_ALL]
    statuses = {a.pattern: ask(browser, "GET", a.path) for a in private}
    del statuses["api/cli/v1/rates"]  # open, but asks for a number
    assert set(statuses.values()) <= {401, 405}


def test_pages_cannot_be_framed_stored_or_read_by_other_sites(
    alice: User, of_alice: list[Address]
) -> None:
    browser = sign_in(alice)
    shown = {}
    for address in of_alice:
        if address.is_page and not address.is_admin:
            answer = browser.get(address.path, headers={"Origin": "https://evil.example"})
            if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
                shown[address.pattern] = answer
    assert len(shown) > 15
    for pattern, answer in shown.items():
        assert answer["X-Frame-Options"] == "DENY", pattern
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], pattern
        assert "unsafe" not in answer["Content-Security-Policy"], pattern
        assert not [name for name in answer.headers if name.startswith("Access-Control-")], pattern
        if pattern not in OPEN_TO_ALL:
            assert "no-store" in answer.get("Cache-Control", ""), pattern


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "http:evil.example",
     "javascript:alert(1)", "\thttps://evil.example"],
)  # fmt: skip
@pytest.mark.parametrize("page", ["/accounts/login/", "/accounts/reauthenticate/"])
def test_next_leads_to_no_other_site(alice: User, page: str, target: str) -> None:
    client = sign_in(alice) if "reauthenticate" in page else Client()
    form = {"login": alice.email, "password": PASSWORD, "next": target}
    answer = client.post(page, form, query_params={"next": target})
    assert answer.status_code == 302
    place = urlsplit(answer["Location"])
    assert (place.scheme, place.netloc) == ("", "")
    assert not answer["Location"].startswith(("//", "/\\"))


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost@evil"])
def test_unknown_host_is_refused_and_reaches_no_mail(alice: User, host: str) -> None:
    for path in ("/", "/accounts/password/reset/"):
        assert Client().get(path, headers={"Host": host}).status_code == 400
    sent = Client().post("/accounts/password/reset/", {"email": alice.email}, HTTP_HOST=host)
    assert sent.status_code == 400
    assert [message for message in mail.outbox if host in str(message.body)] == []


def test_session_key_changes_at_sign_in_and_dies_at_sign_out(alice: User) -> None:
    client = Client()
    client.get("/device", {"user_code": "BCDF-GHJK"})
    planted = client.session.session_key
    client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    key = client.session.session_key
    assert planted
    assert key != planted
    client.post("/accounts/logout/")
    thief = Client()
    for stolen in (planted, str(key)):
        thief.cookies["session"] = stolen
        assert thief.get("/home").status_code == 302


def test_session_cookie_is_out_of_reach_for_scripts_and_other_sites(alice: User) -> None:
    cookie = sign_in(alice).cookies["session"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


@pytest.mark.parametrize("path", ["/accounts/password/reset/", "/accounts/signup/"])
def test_known_and_unknown_addresses_are_answered_alike(alice: User, path: str) -> None:
    def answer_to(email: str) -> tuple[int, str, bytes]:
        form = {"email": email, "password1": "long enough for anybody"}
        answer = Client().post(path, form)
        return answer.status_code, answer.get("Location", ""), answer.content

    known = answer_to(alice.email)
    assert known == answer_to("nobody@example.org")
    assert known[0] == 302
    assert {message.to[0] for message in mail.outbox} >= {alice.email}


def test_sign_in_refuses_a_known_and_an_unknown_address_alike(alice: User) -> None:
    def page_without_token(email: str) -> str:
        answer = Client().post("/accounts/login/", {"login": email, "password": "wrong"})
        lines = answer.content.decode().replace(email, "").splitlines()
        return "\n".join(
            line for line in lines if "csrfmiddlewaretoken" not in line and "req_" not in line
        )

    assert page_without_token(alice.email) == page_without_token("nobody@example.org")


def test_newcomer_is_not_signed_in_before_the_address_is_proved() -> None:
    client = Client()
    form = {"email": "dave@example.org", "password1": "long enough for anybody"}
    client.post("/accounts/signup/", form)
    assert client.get("/home").status_code == 302
    assert person("erin@example.org").is_staff is False
