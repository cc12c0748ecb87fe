"""The states of a device login, and the pace at which a device may poll."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import AccessToken, DeviceLogin, User
from accounts.oauth.device_login import CLIENTS
from tests.accounts.device_logins import FORM, START, approve, deny, poll, start
from tests.accounts.later import later
from tests.people import api_client

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_first_poll_is_free_and_a_second_at_once_slows_down(client: Client) -> None:
    code = start(client)["device_code"]
    assert poll(client, code)[1]["error"] == "authorization_pending"
    assert poll(client, code)[1]["error"] == "slow_down"
    assert DeviceLogin.objects.get().interval_seconds == 10


def test_slow_down_adds_up_and_is_capped(client: Client) -> None:
    code = start(client)["device_code"]
    for _ in range(15):
        poll(client, code)
    assert DeviceLogin.objects.get().interval_seconds == 60


def test_client_with_a_fast_clock_is_never_slowed_down(client: Client) -> None:
    code = start(client)["device_code"]
    now = timezone.now()
    errors = []
    for number in range(20):
        with time_machine.travel(now + timedelta(seconds=number * 5 * 0.9), tick=False):
            errors.append(poll(client, code)[1]["error"])
    assert set(errors) == {"authorization_pending"}


def test_client_that_obeys_slow_down_recovers_at_once(client: Client) -> None:
    code = start(client)["device_code"]
    poll(client, code)
    assert poll(client, code)[1]["error"] == "slow_down"
    with time_machine.travel(timezone.now() + timedelta(seconds=10), tick=False):
        assert poll(client, code)[1]["error"] == "authorization_pending"


def test_approved_login_is_handed_out_whatever_the_pace(client: Client, alice: User) -> None:
    body = start(client)
    for _ in range(5):
        poll(client, body["device_code"])
    approve(body["user_code"], alice)
    assert poll(client, body["device_code"])[0] == 200


@pytest.mark.usefixtures("still_clock")
def test_unknown_codes_are_slowed_down_and_known_ones_are_not(client: Client, alice: User) -> None:
    body = start(client)
    answers = [poll(client, f"guess{number}") for number in range(40)]
    assert {status for status, _ in answers[:30]} == {400}
    assert answers[-1][0] == 429
    assert answers[-1][1]["error"] == "slow_down"
    approve(body["user_code"], alice)
    assert poll(client, body["device_code"])[0] == 200


def test_early_poll_does_not_move_the_clock(client: Client) -> None:
    code = start(client)["device_code"]
    now = timezone.now()
    errors = []
    for seconds in (0, 3, 10.5):
        with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
            errors.append(poll(client, code)[1]["error"])
    assert errors == ["authorization_pending", "slow_down", "authorization_pending"]


def test_poll_goes_from_pending_to_one_token(client: Client, alice: User) -> None:
    body = start(client, scope="calls:read account:read", device_name="laptop")
    assert poll(client, body["device_code"])[1]["error"] == "authorization_pending"
    assert approve(body["user_code"], alice)
    status, token = poll(client, body["device_code"])
    assert (status, token["token_type"]) == (200, "Bearer")
    assert token["scope"] == "account:read calls:read"
    assert 30 * 86400 - 5 <= token["expires_in"] <= 30 * 86400
    assert token["access_token"].startswith("moby_dev_")
    assert poll(client, body["device_code"])[1]["error"] == "invalid_grant"
    assert AccessToken.objects.get().public_id == token["token_id"]


def test_denied_login_stays_denied(client: Client, alice: User) -> None:
    body = start(client)
    assert deny(body["user_code"], alice)
    assert not approve(body["user_code"], alice)
    for _ in range(2):
        assert poll(client, body["device_code"]) == (
            400,
            {"error": "access_denied", "error_description": "You denied it in the browser."},
        )


@pytest.mark.parametrize("state", ["pending", "approved", "denied"])
def test_expiry_is_read_from_the_clock_whatever_the_state(
    client: Client, alice: User, state: str
) -> None:
    body = start(client)
    if state != "pending":
        assert {"approved": approve, "denied": deny}[state](body["user_code"], alice)
    with later(seconds=600):
        assert poll(client, body["device_code"])[1]["error"] == "expired_token"
        assert not approve(body["user_code"], alice)
    assert not AccessToken.objects.exists()


def test_granted_scopes_are_those_approved(client: Client, alice: User) -> None:
    body = start(client, scope="calls:read calls:write")
    approve(body["user_code"], alice, "calls:read", "tokens:write")
    assert poll(client, body["device_code"], scope="tokens:write")[1]["scope"] == "calls:read"


@pytest.mark.parametrize("change", ["is_active", "verified"])
def test_user_is_checked_again_at_redemption(client: Client, alice: User, change: str) -> None:
    body = start(client)
    approve(body["user_code"], alice)
    if change == "is_active":
        User.objects.update(is_active=False)
    else:
        alice.emailaddress_set.update(verified=False)  # type: ignore[attr-defined]  # allauth's relation
    for _ in range(2):
        assert poll(client, body["device_code"])[1]["error"] == "access_denied"
    assert not AccessToken.objects.exists()


def test_policy_is_applied_at_redemption(client: Client, alice: User) -> None:
    body = start(client, expires_in_days="90")
    approve(body["user_code"], alice, days=90)
    alice.account.token_max_days = 7
    alice.account.save()
    assert poll(client, body["device_code"])[1]["expires_in"] <= 7 * 86400


def test_frozen_account_may_sign_a_device_in(client: Client, alice: User) -> None:
    body = start(client)
    alice.account.frozen_at = timezone.now()
    alice.account.save()
    approve(body["user_code"], alice)
    status, token = poll(client, body["device_code"])
    shown = api_client(token["access_token"]).get("/api/cli/v1/status").json()
    assert (status, shown["account"]["frozen"]) == (200, True)


def test_guards_asked_for_are_those_of_the_token(client: Client, alice: User) -> None:
    body = start(client, max_cents_per_day="500", destinations="GB +4420")
    approve(body["user_code"], alice)
    poll(client, body["device_code"])
    token = AccessToken.objects.get()
    assert (token.max_cents_per_day, token.destinations) == (500, ["GB", "+4420"])


def test_second_user_cannot_take_a_login_over(client: Client, alice: User, charlie: User) -> None:
    body = start(client)
    assert approve(body["user_code"], alice)
    assert not approve(body["user_code"], charlie)
    assert not deny(body["user_code"], charlie)
    poll(client, body["device_code"])
    assert AccessToken.objects.get().user == alice


def test_cancelled_login_gives_no_token(client: Client, alice: User) -> None:
    body = start(client)
    approve(body["user_code"], alice)
    sent = {"client_id": "moby-cli", "device_code": body["device_code"]}
    for _ in range(2):
        answer = client.post(f"{START}/cancel", urlencode(sent), content_type=FORM)
        assert answer.status_code == 200
    assert poll(client, body["device_code"])[1]["error"] == "access_denied"


def test_cancel_ends_a_token_that_never_arrived(client: Client, alice: User) -> None:
    body = start(client)
    approve(body["user_code"], alice)
    poll(client, body["device_code"])
    sent = {"client_id": "moby-cli", "device_code": body["device_code"]}
    client.post(f"{START}/cancel", urlencode(sent), content_type=FORM)
    assert not AccessToken.objects.get().is_live


def test_code_belongs_to_the_client_that_started(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CLIENTS, "other", "Another program")
    body = start(client)
    approve(body["user_code"], alice)
    assert poll(client, body["device_code"], client_id="other")[1]["error"] == "invalid_grant"
    sent = {"client_id": "other", "device_code": body["device_code"]}
    client.post(f"{START}/cancel", urlencode(sent), content_type=FORM)
    assert poll(client, body["device_code"])[0] == 200
