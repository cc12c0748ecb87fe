"""Pages about the security of one's sign-in."""

import pytest
from django.test import Client

from accounts.models import AccessToken, User
from tests.accounts.browser import sign_in
from tests.accounts.credentials import NEW_PASSWORD, change_password, link_in_mail
from tests.people import new_token

pytestmark = [pytest.mark.django_db, pytest.mark.db]


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
