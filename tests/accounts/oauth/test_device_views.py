"""The pages where a person approves a device."""

import io
import logging

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AccessToken, AuditEvent, DeviceLogin, User
from accounts.tokens.lifecycle import MAX_LIVE_TOKENS
from mobayilo.logs import Formatter
from tests.accounts.browser import enter_code, shown_terms, sign_in
from tests.accounts.device_logins import FORM, START, approve, poll, start

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_device_is_approved_from_a_cold_start(client: Client, alice: User) -> None:
    body = start(client, device_name="anvil", scope="calls:read")
    browser = Client()
    link = browser.get(f"/device?user_code={body['user_code']}")
    assert link["Location"] == "/accounts/login/?next=/device"
    sign_in(alice, browser, next="/device")
    page = browser.get("/device").content.decode()
    assert body["user_code"] in page
    assert "anvil" not in page
    assert enter_code(browser, body["user_code"])["Location"] == "/device/confirm"
    confirm = browser.get("/device/confirm").content.decode()
    for fact in ("anvil", "127.0.0.1", body["user_code"], "alice@example.org", "See calls"):
        assert fact in confirm
    done = browser.post("/device/approve", shown_terms(browser))
    assert done["Location"] == "/device/approved"
    assert poll(client, body["device_code"])[0] == 200
    token = AccessToken.objects.get()
    assert (token.user, token.name, token.device_name) == (alice, "anvil", "anvil")


def test_opening_a_link_decides_nothing(client: Client, alice: User) -> None:
    body = start(client)
    browser = sign_in(alice)
    assert browser.get(f"/device?user_code={body['user_code']}")["Location"] == "/device"
    browser.get("/device")
    assert browser.get("/device/confirm")["Location"] == "/device"
    row = DeviceLogin.objects.get()
    assert (row.state, row.user) == ("pending", None)


def test_code_waits_through_sign_in_without_next(client: Client, alice: User) -> None:
    body = start(client)
    browser = Client()
    browser.get(f"/device?user_code={body['user_code']}")
    browser.post("/accounts/login/", {"login": alice.email, "password": "wrong"})
    sign_in(alice, browser)
    assert browser.get("/after-sign-in")["Location"] == "/device"
    assert body["user_code"] in browser.get("/device").content.decode()


def test_denying_shows_the_device(client: Client, alice: User) -> None:
    body = start(client)
    browser = sign_in(alice)
    enter_code(browser, body["user_code"])
    assert browser.post("/device/deny")["Location"] == "/device/denied"
    assert poll(client, body["device_code"])[1]["error"] == "access_denied"
    assert AuditEvent.objects.filter(action="device_login.denied", user=alice).exists()


def test_approval_needs_the_csrf_token(client: Client, alice: User) -> None:
    body = start(client)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = sign_in(alice).cookies
    for path in ("/device", "/device/approve", "/device/deny"):
        assert strict.post(path, {"user_code": body["user_code"]}).status_code == 403


def test_pages_are_not_framed_nor_stored_nor_shown_to_others(alice: User) -> None:
    answer = sign_in(alice).get("/device")
    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer


def test_wrong_used_and_foreign_codes_look_the_same(
    client: Client, alice: User, charlie: User
) -> None:
    body = start(client)
    enter_code(sign_in(charlie), body["user_code"])
    browser = sign_in(alice)
    pages = []
    for code in ("BBBB-BBBB", body["user_code"], "", "x"):
        answer = enter_code(browser, code)
        pages.append((answer.status_code, str(answer.context["form"].errors)))
    assert pages[0] == pages[1]
    assert {status for status, _ in pages} == {400}


def test_another_user_cannot_decide_a_login(client: Client, alice: User, bob: User) -> None:
    body = start(client)
    browser, other = sign_in(alice), sign_in(bob)
    enter_code(browser, body["user_code"])
    assert enter_code(other, body["user_code"]).status_code == 400
    assert other.post("/device/approve", shown_terms(browser))["Location"] == "/device"
    assert browser.post("/device/approve", shown_terms(browser))["Location"] == "/device/approved"


def test_approval_may_narrow_but_not_widen(client: Client, alice: User) -> None:
    body = start(client, scope="calls:read calls:write")
    browser = sign_in(alice)
    enter_code(browser, body["user_code"])
    terms = shown_terms(browser)
    wide = browser.post("/device/approve", {**terms, "scopes": ["calls:read", "tokens:write"]})
    assert wide.status_code == 400
    browser.post("/device/approve", {**terms, "scopes": ["calls:read"], "max_per_day": "5.00"})
    poll(client, body["device_code"])
    token = AccessToken.objects.get()
    assert (token.scopes, token.max_cents_per_day) == (["calls:read"], 500)


@pytest.mark.parametrize("name", ["a\u202eb", "", "x" * 101])
def test_name_that_no_token_may_have_is_refused_on_the_page(
    client: Client, alice: User, name: str
) -> None:
    body = start(client)
    browser = sign_in(alice)
    enter_code(browser, body["user_code"])
    answer = browser.post("/device/approve", {**shown_terms(browser), "name": name})
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["name"])
    assert poll(client, body["device_code"])[1]["error"] == "authorization_pending"


def test_user_with_too_many_tokens_is_shown_before_the_device_is(
    client: Client, alice: User
) -> None:
    body = start(client)
    browser = sign_in(alice)
    enter_code(browser, body["user_code"])
    terms = shown_terms(browser)
    fill_up(alice)
    for answer in (browser.get("/device/confirm"), browser.post("/device/approve", terms)):
        assert answer.status_code == 409
        assert "100 tokens already" in answer.content.decode()
    AccessToken.objects.first().delete()  # type: ignore[union-attr]  # there are a hundred
    assert browser.post("/device/approve", terms)["Location"] == "/device/approved"
    assert poll(client, body["device_code"])[0] == 200


def test_too_many_tokens_at_redemption_end_the_login(client: Client, alice: User) -> None:
    body = start(client)
    approve(body["user_code"], alice)
    fill_up(alice)
    for _ in range(2):
        assert poll(client, body["device_code"])[1]["error"] == "access_denied"
    assert AccessToken.objects.count() == MAX_LIVE_TOKENS


def fill_up(user: User) -> None:
    """As many tokens as a user may have."""
    numbers = range(MAX_LIVE_TOKENS)
    AccessToken.objects.bulk_create(
        AccessToken(user=user, kind="pat", name=f"t{n}", digest=f"d{n}", line=f"l{n}")
        for n in numbers
    )


def test_guards_asked_for_are_shown_for_approval(client: Client, alice: User) -> None:
    body = start(client, max_cents_per_day="500", destinations="GB +4420", expires_in_days="9000")
    browser = sign_in(alice)
    enter_code(browser, body["user_code"])
    terms = shown_terms(browser)
    assert (str(terms["max_per_day"]), terms["destinations"]) == ("5", "GB +4420")
    assert terms["expires"] == "365"
    assert "365 days" in browser.get("/device/confirm").content.decode()


def test_switching_accounts_keeps_the_code(client: Client, alice: User, bob: User) -> None:
    body = start(client)
    browser = sign_in(alice)
    enter_code(browser, body["user_code"])
    assert browser.post("/device/switch")["Location"] == "/accounts/login/?next=/device"
    sign_in(bob, browser, next="/device")
    assert body["user_code"] in browser.get("/device").content.decode()
    enter_code(browser, body["user_code"])
    assert browser.post("/device/approve", shown_terms(browser))["Location"] == "/device/approved"


def test_code_in_the_link_is_in_no_log_line(client: Client, alice: User) -> None:
    code = start(client)["user_code"]
    browser = sign_in(alice)
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(Formatter())
    logging.getLogger().addHandler(handler)
    for _ in range(3):
        browser.get(f"/device?user_code={code}")
        enter_code(browser, code)
    logging.getLogger("django.request").error("<WSGIRequest: GET '/device?user_code=%s'>", code)
    logging.getLogger().removeHandler(handler)
    assert '"route": "device"' in lines.getvalue()
    assert code not in lines.getvalue()


def test_login_that_ended_meanwhile_says_so(client: Client, alice: User) -> None:
    body = start(client)
    browser = sign_in(alice)
    enter_code(browser, body["user_code"])
    terms = shown_terms(browser)
    DeviceLogin.objects.update(expires_at=timezone.now())
    for answer in (browser.post("/device/approve", terms), browser.get("/device/confirm")):
        assert answer["Location"] == "/device/over"
    assert browser.post("/device/deny")["Location"] == "/device/over"
    assert "No longer valid" in browser.get("/device/over").content.decode()


def test_approval_warns_when_the_device_is_elsewhere(client: Client, alice: User) -> None:
    body = start(client)
    browser = sign_in(alice)
    enter_code(browser, body["user_code"])
    assert "a different network" not in browser.get("/device/confirm").content.decode()
    DeviceLogin.objects.update(ip="198.51.100.9")
    assert "a different network" in browser.get("/device/confirm").content.decode()


def test_approval_warns_when_the_device_is_abroad(
    client: Client, alice: User, settings: Settings
) -> None:
    settings.CLIENT_COUNTRY_HEADER = "CF-IPCountry"
    sent = "client_id=moby-cli"
    body = client.post(START, sent, content_type=FORM, headers={"CF-IPCountry": "BR"}).json()
    browser = sign_in(alice)
    enter_code(browser, body["user_code"])
    page = browser.get("/device/confirm", headers={"CF-IPCountry": "GB"}).content.decode()
    assert "The request comes from BR, and you are in GB." in page
    unknown = browser.get("/device/confirm", headers={"CF-IPCountry": "<script>"})
    assert "The request comes from BR, and" not in unknown.content.decode()
