"""A new password or email address, over the real pages."""

import pytest
from django.test import Client

from accounts.models import AccessToken, AuditEvent, User
from accounts.tokens.lifecycle import rotate_token
from tests.accounts.browser import sign_in
from tests.accounts.credentials import change_password, link_in_mail
from tests.accounts.device_logins import approve, poll, start
from tests.people import PASSWORD, api_client, new_token

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_new_password_signs_other_browsers_out_and_asks_about_tokens(alice: User) -> None:
    new_token(alice)
    browser, other = sign_in(alice), sign_in(alice)
    assert change_password(browser) == "/settings/tokens/review"
    assert other.get("/settings/tokens").status_code == 302
    assert "ci" in browser.get("/settings/tokens/review").content.decode()
    assert browser.post("/settings/tokens/review")["Location"] == "/settings/tokens"
    assert not AccessToken.objects.live().exists()
    assert AuditEvent.objects.filter(action="password.changed", user=alice).exists()


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
