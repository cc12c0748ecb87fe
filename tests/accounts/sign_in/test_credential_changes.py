"""A new password or email address, over the real pages."""

import re

import pytest
from django.core import mail
from django.test import Client

from accounts.models import AccessToken, AuditEvent, User
from accounts.tokens.lifecycle import rotate_token
from tests.accounts.browser import sign_in
from tests.accounts.device_logins import approve, poll, start
from tests.people import PASSWORD, api_client, new_token

pytestmark = [pytest.mark.django_db, pytest.mark.db]
NEW_PASSWORD = "another horse battery"


def change_password(browser: Client) -> str:
    sent = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    answer = browser.post("/accounts/password/change/", sent)
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def link_in_mail(pattern: str) -> str:
    return str(re.findall(pattern, str(mail.outbox[-1].body))[0])


def test_new_password_signs_other_browsers_out_and_asks_about_tokens(alice: User) -> None:
    new_token(alice)
    browser, other = sign_in(alice), sign_in(alice)
    assert change_password(browser) == "/settings/tokens/review"
    assert other.get("/settings/tokens").status_code == 302
    assert "ci" in browser.get("/settings/tokens/review").content.decode()
    assert browser.post("/settings/tokens/review")["Location"] == "/settings/tokens"
    assert not AccessToken.objects.live().exists()
    assert AuditEvent.objects.filter(action="password.changed", user=alice).exists()


def test_tokens_may_be_kept_and_newer_ones_always_are(alice: User) -> None:
    new_token(alice)
    browser = sign_in(alice)
    change_password(browser)
    browser.post("/settings/tokens/review", {"answer": "keep"})
    assert AccessToken.objects.live().count() == 1
    assert browser.get("/settings/tokens/review")["Location"] == "/settings/security"


def test_question_is_on_every_page_until_it_is_answered(alice: User) -> None:
    new_token(alice)
    browser = sign_in(alice)
    question = "Should your tokens keep working?"
    assert question not in browser.get("/home").content.decode()
    change_password(browser)
    for path in ("/home", "/settings/tokens"):
        assert question in browser.get(path).content.decode()
    assert question not in browser.get("/settings/tokens/review").content.decode()
    browser.post("/settings/tokens/review", {"answer": "keep"})
    assert question not in browser.get("/home").content.decode()


def test_only_tokens_made_before_the_change_are_revoked(alice: User) -> None:
    new_token(alice)
    browser = sign_in(alice)
    change_password(browser)
    newer = new_token(alice, name="newer").row
    assert "newer" not in browser.get("/settings/tokens/review").content.decode()
    browser.post("/settings/tokens/review", {"answer": "revoke"})
    assert list(AccessToken.objects.live()) == [newer]


@pytest.mark.parametrize("grace_seconds", [0, 60])
def test_rotation_before_the_answer_saves_no_token(alice: User, grace_seconds: int) -> None:
    stolen = new_token(alice, name="stolen")
    browser = sign_in(alice)
    change_password(browser)
    rotated = rotate_token(stolen.row, grace_seconds=grace_seconds)
    assert rotated.row.last_four in browser.get("/settings/tokens/review").content.decode()
    browser.post("/settings/tokens/review", {"answer": "revoke"})
    assert not AccessToken.objects.live().exists()


def test_new_password_leaves_no_login_to_be_fetched(client: Client, alice: User) -> None:
    body = start(client)
    approve(body["user_code"], alice)
    change_password(sign_in(alice))
    assert poll(client, body["device_code"])[1]["error"] == "access_denied"


def test_no_token_makes_another_before_the_answer(alice: User) -> None:
    stolen = api_client(new_token(alice).secret)
    browser = sign_in(alice)
    change_password(browser)
    asked = {"name": "robot", "scopes": ["calls:read"]}
    refused = stolen.post("/api/cli/v1/tokens", asked, "application/json")
    assert (refused.status_code, AccessToken.objects.count()) == (403, 1)
    assert "settings/tokens/review" in refused.json()["error"]["hint"]
    browser.post("/settings/tokens/review", {"answer": "keep"})
    assert stolen.post("/api/cli/v1/tokens", asked, "application/json").status_code == 201


def test_question_waits_for_the_next_sign_in_after_a_reset(client: Client, alice: User) -> None:
    new_token(alice)
    signed_in = sign_in(alice)
    client.post("/accounts/password/reset/", {"email": alice.email})
    link = link_in_mail(r"http://[^/]+(/accounts/password/reset/key/\S+)")
    form = client.get(link)["Location"]
    client.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert signed_in.get("/settings/tokens").status_code == 302
    sent = {"login": alice.email, "password": NEW_PASSWORD}
    assert client.post("/accounts/login/", sent)["Location"] == "/after-sign-in"
    assert client.get("/after-sign-in")["Location"] == "/settings/tokens/review"


def test_new_address_signs_other_browsers_out_and_asks_about_tokens(alice: User) -> None:
    new_token(alice)
    browser, other = sign_in(alice), sign_in(alice)
    sent = {"email": "alice@example.net", "action_add": ""}
    answer = browser.post("/accounts/email/", sent)
    if "reauthenticate" in answer.get("Location", ""):
        browser.post(answer["Location"], {"password": PASSWORD})
    link = link_in_mail(r"http://[^/]+(/accounts/confirm-email/\S+)")
    browser.post(link)
    alice.refresh_from_db()
    assert alice.email == "alice@example.net"
    assert other.get("/settings/tokens").status_code == 302
    assert browser.get("/after-sign-in")["Location"] == "/settings/tokens/review"
    assert AuditEvent.objects.filter(action="email.changed", user=alice).exists()


def test_one_browser_is_signed_out_from_another(alice: User, charlie: User) -> None:
    browser, other = sign_in(alice), sign_in(alice)
    stranger = sign_in(charlie)
    sessions = browser.get("/settings/security").context["sessions"]
    victim = next(s for s in sessions if s.session_key == other.session.session_key)
    path = f"/settings/security/sessions/{victim.pk}/end"
    assert stranger.post(path).status_code == 404
    assert browser.post(path).status_code == 302
    assert other.get("/settings/security").status_code == 302
    assert browser.get("/settings/security").status_code == 200


def test_security_page_tells_what_happened_to_the_own_account(alice: User, charlie: User) -> None:
    new_token(alice, name="robot")
    new_token(charlie, name="stranger")
    page = sign_in(alice).get("/settings/security").content.decode()
    assert "robot" in page
    assert "stranger" not in page
