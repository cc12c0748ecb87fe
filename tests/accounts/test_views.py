"""The pages of tokens."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AccessToken, User
from accounts.secrets import digest
from tests.accounts.browser import enter_code, shown_terms, sign_in, wait_past_sudo
from tests.accounts.device_logins import approve, poll, start
from tests.people import api_client, new_token

pytestmark = [pytest.mark.django_db, pytest.mark.db]
SECRET = re.compile(r"moby_pat_[0-9A-Za-z]{36}")


def create(browser: Client, **changes: object) -> str:
    answer = browser.post("/settings/tokens/new", {**terms(), **changes})
    assert answer.status_code == 200, answer.context["form"].errors
    return str(SECRET.findall(answer.content.decode())[0])


def terms() -> dict[str, object]:
    return {"name": "ci", "scopes": ["calls:read"], "expires": "30"}


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


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "taken"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["calls:fly"]}, "scopes"),
        ({"expires": "3650"}, "expires"),
        ({"expires": "date"}, "expires_on"),
        ({"expires": "date", "expires_on": "2020-01-01"}, "expires_on"),
        ({"max_per_day": "1.005"}, "max_per_day"),
        ({"max_per_call": "0"}, "max_per_call"),
        ({"destinations": "ZZ"}, "destinations"),
        ({"caller_ids": "020"}, "caller_ids"),
    ],
)
def test_token_form_names_what_is_wrong(
    alice: User, changes: dict[str, object], field: str
) -> None:
    new_token(alice, name="taken")
    answer = sign_in(alice).post("/settings/tokens/new", {**terms(), **changes})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert AccessToken.objects.count() == 1


def test_link_fills_the_form_in_and_makes_nothing(alice: User) -> None:
    browser = sign_in(alice)
    link = "/settings/tokens/new?name=deploy&scopes=calls:read,billing:read&expires=7"
    shown = shown_terms(browser, link)
    assert (shown["name"], shown["expires"]) == ("deploy", "7")
    assert shown["scopes"] == ["calls:read", "billing:read"]
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize(
    ("expires", "days"),
    [("14", 14), ("1", 1), ("²", 30), ("١٤", 30), ("", 30), ("9999", 365), ("0", 365), ("-1", 30)],
)
def test_form_that_a_link_filled_in_is_taken(alice: User, expires: str, days: int) -> None:
    browser = sign_in(alice)
    query = urlencode({"name": "deploy", "scopes": "calls:read", "expires": expires})
    create(browser, **shown_terms(browser, f"/settings/tokens/new?{query}"))
    token = AccessToken.objects.get()
    assert token.expires_at is not None
    assert (token.expires_at - token.created_at).days == days


def test_making_and_replacing_need_a_fresh_sign_in(alice: User) -> None:
    browser = sign_in(alice)
    token = new_token(alice, name="old").row
    wait_past_sudo(browser)
    for path in ("new", f"{token.public_id}/rotate", "revoke-all"):
        answer = browser.post(f"/settings/tokens/{path}", terms())
        assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert AccessToken.objects.get().is_live
    browser.post(f"/settings/tokens/{token.public_id}/revoke")
    assert not AccessToken.objects.get().is_live


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


def test_pages_need_a_sign_in(client: Client) -> None:
    for path in ("tokens", "tokens/new", "devices", "security"):
        assert client.get(f"/settings/{path}")["Location"].startswith("/accounts/login/")


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


def test_form_offers_a_date_and_for_ever_where_allowed(alice: User, settings: Settings) -> None:
    browser = sign_in(alice)
    day = (timezone.localdate() + timedelta(days=12)).isoformat()
    create(browser, name="dated", expires="date", expires_on=day)
    dated = AccessToken.objects.get(name="dated")
    assert dated.expires_at is not None
    assert (dated.expires_at - dated.created_at).days == 12
    form = browser.get("/settings/tokens/new").context["form"]
    assert "never" not in dict(form.fields["expires"].choices).values()
    settings.TOKEN_MAY_LAST_FOR_EVER = True
    create(browser, name="ever", expires="0")
    assert AccessToken.objects.get(name="ever").expires_at is None
