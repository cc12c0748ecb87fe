"""The pages of tokens and of security."""

import pytest
from django.test import Client

from accounts.models import AccessToken, User
from accounts.secrets import digest
from tests.accounts.browser import enter_code, shown_terms, sign_in
from tests.accounts.credentials import NEW_PASSWORD, change_password, link_in_mail
from tests.accounts.device_logins import approve, poll, start
from tests.accounts.token_pages import SECRET, create, terms
from tests.people import api_client, new_token

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_token_is_created_and_shown_once(alice: User) -> None:
    browser = sign_in(alice)
    secret = create(browser, max_per_day="5", destinations="gb")
    token = AccessToken.objects.get()
    assert token.digest == digest(secret)
    assert (token.max_cents_per_day, token.destinations) == (500, ["GB"])
    page = browser.get("/settings/tokens").content.decode()
    assert "ci" in page
    assert secret not in page
    assert secret[-4:] in page


def test_page_with_the_secret_is_never_stored(alice: User) -> None:
    answer = sign_in(alice).post("/settings/tokens/new", terms())
    assert "no-store" in answer["Cache-Control"]
    assert not SECRET.search(str(answer.headers) + str(answer.cookies))


def test_token_is_replaced_and_the_new_secret_shown(alice: User) -> None:
    old = new_token(alice).row
    answer = sign_in(alice).post(f"/settings/tokens/{old.public_id}/rotate")
    secret = SECRET.findall(answer.content.decode())[0]
    assert AccessToken.objects.get(digest=digest(secret)).rotated_from == old


def test_tokens_of_others_do_not_exist(alice: User, bob: User, charlie: User) -> None:
    token = new_token(alice, name="secret-name").row
    for stranger in (bob, charlie):
        browser = sign_in(stranger)
        assert "secret-name" not in browser.get("/settings/tokens").content.decode()
        for action in ("revoke", "rotate"):
            answer = browser.post(f"/settings/tokens/{token.public_id}/{action}")
            assert answer.status_code == 404
    assert AccessToken.objects.get().is_live


def test_revoking_all_leaves_others_alone(alice: User, bob: User) -> None:
    new_token(alice)
    new_token(alice, kind="dev", name="laptop")
    kept = new_token(bob).row
    sign_in(alice).post("/settings/tokens/revoke-all")
    assert list(AccessToken.objects.live()) == [kept]


def test_revoking_all_leaves_no_login_to_be_fetched(client: Client, alice: User, bob: User) -> None:
    approved, claimed, foreign = start(client), start(client), start(client)
    approve(approved["user_code"], alice)
    approve(foreign["user_code"], bob)
    browser = sign_in(alice)
    enter_code(browser, claimed["user_code"])
    terms = shown_terms(browser)
    browser.post("/settings/tokens/revoke-all")
    browser.post("/device/approve", terms)
    for body in (approved, claimed):
        assert poll(client, body["device_code"])[1]["error"] == "access_denied"
    assert poll(client, foreign["device_code"])[0] == 200


def test_pages_show_a_device_beside_a_token(alice: User) -> None:
    new_token(alice, name="ci-token", max_cents_per_call=50)
    new_token(alice, kind="dev", name="laptop-token")
    browser = sign_in(alice)
    both = browser.get("/settings/tokens").content.decode()
    assert "ci-token" in both
    assert "laptop-token" in both
    assert "$0.50 a call" in both
    devices = browser.get("/settings/devices").content.decode()
    assert "ci-token" not in devices
    assert "laptop-token" in devices


def test_device_that_never_used_its_token_is_marked(alice: User) -> None:
    made = new_token(alice, kind="dev", name="laptop")
    browser = sign_in(alice)
    for path in ("/settings/tokens", "/settings/devices"):
        assert "never used" in browser.get(path).content.decode()
    api_client(made.secret).get("/api/cli/v1/token")
    page = browser.get("/settings/tokens").content.decode()
    assert ("never used" in page, "last used" in page) == (False, True)


def test_device_that_is_signed_out_leads_back_to_the_devices(alice: User) -> None:
    browser = sign_in(alice)
    device, token = new_token(alice, kind="dev", name="a"), new_token(alice, name="b")
    for row, back, path in ((device.row, "devices", "devices"), (token.row, "x", "tokens")):
        answer = browser.post(f"/settings/tokens/{row.public_id}/revoke", {"back": back})
        assert answer["Location"] == f"/settings/{path}"


def test_token_list_takes_the_same_queries_for_any_number(
    alice: User, django_assert_max_num_queries: object
) -> None:
    browser = sign_in(alice)
    for number in range(12):
        new_token(alice, name=f"t{number}")
    with django_assert_max_num_queries(15):  # type: ignore[operator]  # pytest-django's fixture
        browser.get("/settings/tokens")


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


def test_security_page_shows_what_happened_to_the_own_account(alice: User, charlie: User) -> None:
    new_token(alice, name="robot")
    new_token(charlie, name="stranger")
    page = sign_in(alice).get("/settings/security").content.decode()
    assert "robot" in page
    assert "stranger" not in page
