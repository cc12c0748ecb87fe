"""User codes: drawn, typed and guessed."""

import re
import secrets

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, DeviceLogin, User
from mobayilo.lib.ratelimits import LIMITS, Limit
from tests.accounts.browser import enter_code, sign_in
from tests.accounts.device_logins import FORM, START, approve, deny, poll, start

pytestmark = [pytest.mark.django_db, pytest.mark.db, pytest.mark.usefixtures("still_clock")]


@pytest.mark.parametrize("typed", ["{0}", "{1}", " {2} ", "{3}", "{0}\r\n"])
def test_user_code_is_read_as_people_type_it(client: Client, alice: User, typed: str) -> None:
    code = start(client)["user_code"]
    plain = code.replace("-", "")
    forms = (code, plain.lower(), plain[:4].lower() + " " + plain[4:], code.replace("-", "–"))
    assert approve(typed.format(*forms), alice)


def test_user_code_that_is_taken_is_drawn_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = iter("BBBBBBBBBBBBBBBBCCCCCCCC")
    monkeypatch.setattr(secrets, "choice", lambda alphabet: next(letters))
    assert [start(client)["user_code"] for _ in range(2)] == ["BBBB-BBBB", "CCCC-CCCC"]
    monkeypatch.setattr(secrets, "choice", lambda alphabet: "B")
    answer = client.post(START, "client_id=moby-cli", content_type=FORM)
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert DeviceLogin.objects.count() == 2


WRONG = "BBBB-BBBB"


def guess(browser: Client, times: int) -> list[int]:
    return [enter_code(browser, WRONG).status_code for _ in range(times)]


@pytest.fixture
def patient_with_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIMITS, "wrong-user-codes", Limit("100/10m", "user"))


@pytest.mark.usefixtures("patient_with_users")
def test_session_has_five_guesses_of_its_own(alice: User) -> None:
    browser, other = sign_in(alice), sign_in(alice)
    assert guess(browser, 6) == [400] * 5 + [429]
    assert guess(other, 1) == [400]


@pytest.mark.usefixtures("patient_with_users")
def test_address_has_thirty_guesses_for_all_of_its_users(
    client: Client, alice: User, charlie: User
) -> None:
    body = start(client)
    for _ in range(6):
        assert guess(sign_in(alice), 5) == [400] * 5
    browser = sign_in(charlie)
    assert enter_code(browser, body["user_code"]).status_code == 429
    elsewhere = browser.post(
        "/device", {"user_code": body["user_code"]}, REMOTE_ADDR="198.51.100.7"
    )
    assert elsewhere.status_code == 302


def test_requests_from_many_addresses_wash_no_guesses_away(client: Client, alice: User) -> None:
    browser = sign_in(alice)
    assert guess(browser, 6) == [400] * 5 + [429]
    for number in range(400):
        address = f"2001:db8:0:{number:x}::1"
        client.get("/.well-known/oauth-authorization-server", REMOTE_ADDR=address)
    assert guess(browser, 1) == [429]


@pytest.mark.parametrize("limit", ["wrong-user-codes", "wrong-user-codes-session"])
def test_success_forgives_no_guesses(client: Client, alice: User, limit: str) -> None:
    browser = sign_in(alice)
    assert guess(browser, 4) == [400] * 4
    assert enter_code(browser, start(client)["user_code"]).status_code == 302
    assert guess(browser, 2) == [400, 429]


def test_codes_that_are_over_look_like_one_that_never_was(
    client: Client, alice: User, charlie: User
) -> None:
    pages = {}
    for name in ("never", "expired", "denied", "approved", "used", "foreign"):
        body = start(client)
        code = WRONG if name == "never" else body["user_code"]
        if name == "expired":
            rows = DeviceLogin.objects.filter(state="pending", user=None)
            rows.update(expires_at=timezone.now())
        elif name == "denied":
            deny(code, alice)
        elif name != "never":
            approve(code, charlie if name == "foreign" else alice)
        if name == "used":
            poll(client, body["device_code"])
        cache.clear()
        pages[name] = seen_after(alice, code)
    assert len(set(pages.values())) == 1, pages


def seen_after(user: User, code: str) -> str:
    """The page that a wrong code leads to, without what differs from one request to the next."""
    browser = sign_in(user)
    answer = enter_code(browser, code)
    page = answer.content.decode().replace(code, "CODE")
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)
    page = re.sub(r'nonce="[^"]+"|req_\w+', "", page)
    return f"{answer.status_code} {page} {browser.get('/device/confirm')['Location']}"


@pytest.mark.usefixtures("still_clock")
def test_five_wrong_codes_stop_the_sixth_and_raise_the_alarm(client: Client, alice: User) -> None:
    body = start(client)
    browser = sign_in(alice)
    statuses = [enter_code(browser, "BBBB-BBBB").status_code for _ in range(5)]
    assert statuses == [400] * 5
    refused = enter_code(browser, body["user_code"])
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert enter_code(sign_in(alice), body["user_code"]).status_code == 429
    assert AuditEvent.objects.filter(action="device_login.codes_guessed", user=alice).exists()


def test_wrong_codes_of_one_user_leave_others_alone(
    client: Client, alice: User, charlie: User
) -> None:
    body = start(client)
    guesser = sign_in(charlie)
    for _ in range(6):
        enter_code(guesser, "BBBB-BBBB")
    assert enter_code(sign_in(alice), body["user_code"]).status_code == 302


def test_guesses_of_every_user_raise_one_alarm(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, "wrong-user-codes-all", Limit("3/10m", "all"))
    browser = sign_in(alice)
    for _ in range(5):
        enter_code(browser, "BBBB-BBBB")
    alarm = AuditEvent.objects.get(action="device_login.codes_guessed_in_bulk")
    assert (alarm.account, alarm.ip) == (None, "127.0.0.1")
