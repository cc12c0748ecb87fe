"""Calls through the computer: priced and held first, started by one client, once."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import django.test
import jwt
import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AuditEvent, User
from telephony.models import Call, Registration
from tests.people import new_token
from tests.telephony.callers import DESTINATION, OWN_PHONE, People, Person
from tests.telephony.reconciling import reconcile_now
from tests.telephony.sandbox import Sandbox
from tests.telephony.webhooks import send

pytestmark = [
    pytest.mark.db,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("computer_calls"),
]
Client = Callable[..., str]


@pytest.fixture
def invite(settings: Settings) -> Client:
    """Start a call as Twilio does for a client. The function returns the TwiML."""

    def start(call: Call, *, sid: str = "CA" + "c" * 32, **fields: str) -> str:
        told = {
            "CallSid": sid,
            "From": f"client:{call.public_id}",
            "To": "",
            "CallStatus": "ringing",
            "ApplicationSid": settings.TWILIO_TWIML_APP_SID,
            "call_id": call.public_id,
        }
        path, token = "/webhooks/twilio/client", settings.TWILIO_AUTH_TOKEN
        return send(path, told | fields, base=settings.PUBLIC_URL, token=token).text

    return start


def place(caller: Person, **more: Any) -> Call:
    placed = caller.call(mode="computer", **more)
    assert placed.status_code == 201, placed.content
    return Call.objects.get(public_id=placed.json()["call_id"])


def test_quote_shows_both_ways_with_their_prices(caller: Person) -> None:
    callback = caller.post("quote", to=DESTINATION).json()
    computer = caller.post("quote", to=DESTINATION, mode="computer").json()
    both = {"callback": "0.042", "computer": "0.018"}
    assert callback["total_per_minute"] == computer["total_per_minute"] == both
    assert (computer["mode"], computer["price_per_minute"]) == ("computer", "0.018")
    assert [(leg["e164"], leg["price_per_minute"]) for leg in computer["legs"]] == [
        (None, "0.006"),
        (DESTINATION, "0.012"),
    ]
    checked = caller.post("numbers/check", number=DESTINATION).json()
    (rate,) = caller.get("rates", number=DESTINATION).json()["rates"]
    assert checked["total_per_minute"] == rate["total_per_minute"] == both


def test_quote_in_the_mode_of_the_account(caller: Person, settings: Settings) -> None:
    def quoted(**more: str) -> str:
        return str(caller.post("quote", to=DESTINATION, **more).json()["mode"])

    assert quoted(mode="account") == "callback"
    for _ in range(2):
        changed = caller.post("caller-ids/call-mode", call_mode="computer")
        assert (changed.status_code, changed.json()) == (200, {"call_mode": "computer"})
    assert caller.get("status").json()["account"]["call_mode"] == "computer"
    assert AuditEvent.objects.filter(action="account.call_mode_changed").count() == 1
    # A program that names no mode, as before there were two, gets its callback.
    assert (quoted(), quoted(mode="account")) == ("callback", "computer")
    assert caller.call().json()["mode"] == "callback"
    assert caller.call(mode="account").status_code == 400
    settings.TWILIO_TWIML_APP_SID = ""
    assert quoted(mode="account") == "callback"


def test_limited_token_changes_no_mode(caller: Person) -> None:
    secret = new_token(caller.user, "calls:read", "calls:write").secret
    limited = replace(caller, secret=secret)
    assert limited.post("caller-ids/call-mode", call_mode="computer").status_code == 403
    assert caller.post("caller-ids/call-mode", call_mode="walkie-talkie").status_code == 400
    assert limited.get("status").json()["account"]["call_mode"] == "callback"


def test_page_sets_the_mode_where_there_are_two(
    caller: Person, client: django.test.Client, settings: Settings
) -> None:
    client.force_login(caller.user)
    assert "Calls from a terminal" in client.get("/caller-ids").content.decode()
    page = client.post("/caller-ids/call-mode", {"call_mode": "computer"}, follow=True)
    assert '<option value="computer" selected>' in page.content.decode()
    client.post("/caller-ids/call-mode", {"call_mode": "smoke"})
    assert caller.get("status").json()["account"]["call_mode"] == "computer"
    shown = client.get("/settings/security").content.decode()
    assert "Calls from a terminal: Through the computer" in shown
    settings.TWILIO_TWIML_APP_SID = ""
    assert "Calls from a terminal" not in client.get("/caller-ids").content.decode()


def test_call_rings_no_one_before_its_page_starts_it(caller: Person, sandbox: Sandbox) -> None:
    call = place(caller, max_seconds=60)
    assert (call.state, call.leg_a_sid) == ("queued", None)
    assert sandbox.get("calls")["calls"] == []
    # The computer's leg for a ring of 45 s, 5 s and 15 s more and the limit; leg B for the limit.
    assert call.hold_micros == 6_000 * 125 // 60 + 12_000
    assert caller.balance.held_micros == call.hold_micros


def test_unregistered_number_is_not_shown(caller: Person, settings: Settings) -> None:
    """A client's leg shows bought and registered numbers only (13214)."""
    quoted = caller.post("quote", to=DESTINATION, mode="computer").json()
    assert quoted["shown_number"] == settings.TWILIO_FROM_NUMBER
    refused = caller.call(mode="computer", only_my_number=True).json()
    assert refused["error"]["code"] == "own_number_not_shown"
    phone = caller.user.account.caller_ids.get()
    Registration.objects.create(
        account=caller.user.account, user=caller.user, caller_id=phone, e164=OWN_PHONE,
        state="registered", carrier_sid="PN1", expires_at=timezone.now(), closed_at=timezone.now(),
    )  # fmt: skip
    quoted = caller.post("quote", to=DESTINATION, mode="computer").json()
    assert quoted["shown_number"] == OWN_PHONE
    assert quoted["fallback_number"] == settings.TWILIO_FROM_NUMBER


def test_own_phone_can_be_called_from_the_computer(caller: Person, settings: Settings) -> None:
    assert caller.call(OWN_PHONE).json()["error"]["code"] == "own_number"
    quoted = caller.post("quote", to=OWN_PHONE, mode="computer").json()
    assert quoted["shown_number"] == settings.TWILIO_FROM_NUMBER
    assert quoted["total_per_minute"] == {"callback": None, "computer": "0.036"}


def test_mode_that_is_not_set_up_is_refused(caller: Person, settings: Settings) -> None:
    settings.TWILIO_TWIML_APP_SID = ""
    refused = caller.call(mode="computer")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "computer_calls_closed")
    assert caller.post("quote", to=DESTINATION).json()["total_per_minute"]["computer"] is None
    assert caller.balance.held_micros == 0


def test_token_is_for_one_client_that_only_calls(caller: Person, settings: Settings) -> None:
    call = place(caller)
    answer = caller.post("voice/token", call_id=call.public_id)
    assert answer.status_code == 200, answer.content
    claims = jwt.decode(
        answer.json()["token"], settings.TWILIO_API_KEY_SECRET, algorithms=["HS256"]
    )
    assert claims["grants"]["identity"] == answer.json()["identity"] == call.public_id
    assert claims["grants"]["voice"] == {
        "outgoing": {"application_sid": settings.TWILIO_TWIML_APP_SID}
    }
    assert 0 < claims["exp"] - time.time() <= 600
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["gateway"] == settings.TWILIO_API_URL.replace("http:", "ws:")


def test_strangers_and_other_calls_get_no_token(
    caller: Person, person: People, bob: User, charlie: User
) -> None:
    call = place(caller)
    assert person(charlie).post("voice/token", call_id=call.public_id).status_code == 404
    teammate = person(bob, phone=None)
    assert teammate.post("voice/token", call_id=call.public_id).status_code == 404
    callback = caller.call().json()["call_id"]
    refused = caller.post("voice/token", call_id=callback)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "call_not_waiting")
    Call.objects.filter(pk=call.pk).update(created_at=timezone.now() - timedelta(minutes=2))
    assert caller.post("voice/token", call_id=call.public_id).status_code == 409


def test_client_is_put_through_as_the_row_says(
    caller: Person, invite: Client, settings: Settings
) -> None:
    call = place(caller, to="020 7946 0018 ext 12", country="GB", max_seconds=90)
    twiml = invite(call, To="+19005550100", callerId="+15005550006", timeLimit="14400")
    assert f'callerId="{settings.TWILIO_FROM_NUMBER}" timeLimit="90"' in twiml
    assert 'answerOnBridge="true"' in twiml
    assert f">{DESTINATION}</Number>" in twiml
    assert "Say" not in twiml
    call.refresh_from_db()
    assert (call.state, call.leg_a_sid) == ("ringing", "CA" + "c" * 32)
    assert invite(call) == twiml  # Twilio asks again when our answer was lost


FORGERIES: dict[str, dict[str, str]] = {
    "another client": {"From": "client:call_00000000000000000000"},
    "a phone": {"From": OWN_PHONE},
    "another app": {"ApplicationSid": "AP" + "2" * 32},
    "no call": {"call_id": ""},
    "another call": {"call_id": "call_00000000000000000000"},
    "a NUL": {"call_id": "call_\x00"},
}


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=list(FORGERIES))
def test_forged_client_is_not_put_through(
    caller: Person, invite: Client, forged: dict[str, str]
) -> None:
    call = place(caller)
    assert "<Dial" not in invite(call, **forged)
    call.refresh_from_db()
    assert (call.state, call.leg_a_sid, call.bridged_at) == ("queued", None, None)


def test_callback_is_not_started_by_a_client(caller: Person, invite: Client) -> None:
    callback = Call.objects.get(public_id=caller.call().json()["call_id"])
    assert "<Reject" in invite(callback)


def test_call_of_another_account_is_not_started(
    caller: Person, person: People, charlie: User, invite: Client
) -> None:
    mine = place(caller)
    theirs = place(person(charlie, phone="+447400123457", dollars=5))
    assert "<Reject" in invite(mine, call_id=theirs.public_id)
    theirs.refresh_from_db()
    assert theirs.leg_a_sid is None


@pytest.mark.parametrize("spoiled", ["used", "old", "hung up", "frozen"])
def test_call_that_does_not_wait_is_not_started(
    caller: Person, invite: Client, spoiled: str
) -> None:
    call = place(caller)
    if spoiled == "used":
        invite(call, sid="CA" + "d" * 32)
    elif spoiled == "old":
        Call.objects.update(created_at=timezone.now() - timedelta(seconds=61))
    elif spoiled == "hung up":
        assert caller.post(f"calls/{call.public_id}/hangup").json()["state"] == "canceled"
        assert caller.balance.held_micros == 0
    else:
        caller.user.account.frozen_at = timezone.now()
        caller.user.account.save()
    assert "<Reject" in invite(call)


def test_of_ten_clients_with_one_call_one_talks(caller: Person, invite: Client) -> None:
    call = place(caller)
    sids = [f"CA{number:032d}" for number in range(10)]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda sid: invite(call, sid=sid), sids))
    (winner,) = [sid for sid, twiml in zip(sids, answers, strict=True) if "<Dial" in twiml]
    call.refresh_from_db()
    assert call.leg_a_sid == winner


def test_call_that_no_page_starts_ends_and_frees_its_hold(caller: Person, sandbox: Sandbox) -> None:
    call = place(caller)
    reconcile_now()
    call.refresh_from_db()
    assert call.state == "queued"  # its minute is not over
    Call.objects.update(created_at=timezone.now() - timedelta(seconds=61))
    reconcile_now()
    call.refresh_from_db()
    assert (call.state, call.end_reason, call.cost_micros) == ("failed", "not_started", 0)
    assert caller.balance.held_micros == 0
