"""Registering a phone at the carrier, which calls it and has six digits keyed in."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account, AuditEvent, User
from telephony.models import CallerId, Registration
from telephony.phones.caller_ids import remove_caller_id
from tests.telephony.callers import (
    DESTINATION,
    OWN_PHONE,
    People,
    Person,
    in_another_thread,
    prove,
)
from tests.telephony.refusals import error_of
from tests.telephony.sandbox import Sandbox, wait_for
from tests.telephony.shown import OPERATOR, REGISTERED, load_rules, refuse
from tests.telephony.webhooks import send

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def path_of(somebody: Person) -> str:
    phone = CallerId.objects.get(account=somebody.user.account, removed_at=None)
    return f"caller-ids/{phone.public_id}/register"


def register(somebody: Person, sandbox: Sandbox) -> dict[str, Any]:
    """Return the registration once the carrier's call has ended."""
    started = somebody.post(path_of(somebody))
    assert started.status_code == 200, started.json()
    sandbox.wait_until_idle()
    return dict(somebody.get(path_of(somebody)).json())


def test_registered_phone_is_shown_where_the_rule_asks_for_it(
    caller: Person, sandbox: Sandbox, tmp_path: Path
) -> None:
    load_rules(tmp_path, REGISTERED)
    refuse(sandbox, {"until_registered": True})
    quoted = caller.post("quote", to=DESTINATION).json()
    assert (quoted["shown_number"], quoted["registration_helps"]) == (OPERATOR, True)
    assert register(caller, sandbox)["state"] == "registered"
    quoted = caller.post("quote", to=DESTINATION).json()
    assert (quoted["shown_number"], quoted["registration_helps"]) == (OWN_PHONE, False)
    call = caller.final(caller.call().json()["call_id"])
    assert (call["receipt"]["shown_number"], call["own_number_refused"]) == (OWN_PHONE, False)
    (listed,) = caller.get("caller-ids").json()["items"]
    assert listed["registered"] is True


def test_code_is_shown_while_the_carrier_calls_and_forgotten_after(
    caller: Person, sandbox: Sandbox
) -> None:
    sandbox.post("speed", speed=1)
    sandbox.phone(OWN_PHONE, outcome="manual")
    started = caller.post(path_of(caller)).json()
    assert (started["state"], started["calls_from"]) == ("calling", "+14157234000")
    assert len(started["code"]) == 6
    assert caller.get(path_of(caller)).json() == started
    (leg,) = sandbox.get("calls", number=OWN_PHONE)["calls"]
    sandbox.post(f"calls/{leg['sid']}/hangup")
    wait_for(lambda: Registration.objects.get().state == "failed", "the report")
    assert caller.get(path_of(caller)).json()["code"] is None
    assert Registration.objects.get().code == ""


@pytest.mark.parametrize(
    ("behaviour", "failure"),
    [
        ({"outcome": "no-answer"}, "no_answer"),
        ({"outcome": "busy"}, "busy"),
        ({"outcome": "failed"}, "unreachable"),
        ({"talk_seconds": 2}, "not_keyed_in"),
        ({"keys_in_code": False}, "not_keyed_in"),
    ],
    ids=["timed out", "busy", "unreachable", "hung up", "landline"],
)
def test_failure_has_its_reason_and_can_be_tried_again(
    caller: Person, sandbox: Sandbox, behaviour: dict[str, Any], failure: str
) -> None:
    sandbox.phone(OWN_PHONE, **behaviour)
    ended = register(caller, sandbox)
    assert (ended["state"], ended["failure"], ended["code"]) == ("failed", failure, None)
    sandbox.phone(OWN_PHONE, outcome="answer", keys_in_code=True, talk_seconds=None)
    assert register(caller, sandbox)["state"] == "registered"
    assert caller.call().json()["shown_number"] == OWN_PHONE  # whatever became of it


def test_refusal_of_the_carrier_is_reported(caller: Person, sandbox: Sandbox) -> None:
    sandbox.post("twilio", closed_countries=["GB"])
    assert error_of(caller.post(path_of(caller))) == "country_closed"
    assert caller.get(path_of(caller)).json()["failure"] == "refused"
    sandbox.post("twilio", closed_countries=[])
    sandbox.phone(OWN_PHONE, validation_error=21450)
    assert error_of(caller.post(path_of(caller))) == "provider_refused"


def test_number_that_the_carrier_has_already_is_taken_as_it_is(
    caller: Person, sandbox: Sandbox
) -> None:
    assert register(caller, sandbox)["state"] == "registered"
    Registration.objects.all().delete()  # as if an operator had registered it in the console
    answer = caller.post(path_of(caller), key="once").json()
    assert (answer["state"], answer["code"]) == ("registered", None)
    assert caller.post(path_of(caller), key="once").json() == answer
    assert len(sandbox.get("calls", number=OWN_PHONE)["calls"]) == 1


def test_requests_at_once_ring_the_phone_once(caller: Person, sandbox: Sandbox) -> None:
    sandbox.post("speed", speed=1)
    sandbox.phone(OWN_PHONE, outcome="manual")
    path = path_of(caller)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: caller.post(path).json(), range(4)))
    assert {answer["state"] for answer in answers} == {"calling"}
    assert len({answer["code"] for answer in answers} - {None}) == 1
    assert len(sandbox.get("calls", number=OWN_PHONE)["calls"]) == 1


@pytest.mark.parametrize("kind", ["timeout", "close", "500", "malformed"])
def test_call_without_an_answer_of_the_carrier_has_no_code(
    caller: Person, sandbox: Sandbox, kind: str
) -> None:
    sandbox.post("speed", speed=1)
    sandbox.fault(kind, "/OutgoingCallerIds.json", method="POST", when="after")
    refused = caller.post(path_of(caller)).json()["error"]
    assert (refused["code"], "just hang up" in refused["hint"]) == ("provider_unavailable", True)
    assert caller.get(path_of(caller)).json()["failure"] == "no_news"


def test_busy_carrier_is_not_reported_as_a_refusal(caller: Person, sandbox: Sandbox) -> None:
    sandbox.fault("429", "/OutgoingCallerIds.json", method="POST", times=20)
    assert error_of(caller.post(path_of(caller))) == "provider_unavailable"
    assert caller.get(path_of(caller)).json()["failure"] == "no_news"


def test_lost_report_is_asked_for(caller: Person, sandbox: Sandbox) -> None:
    sandbox.post("webhooks/rules", pattern="twilio:caller_id", action="drop")
    assert register(caller, sandbox)["state"] == "calling"
    Registration.objects.update(expires_at=timezone.now())
    call_command("reconcile_registrations")
    assert caller.get(path_of(caller)).json()["state"] == "registered"


def test_call_that_was_never_reported_ends_as_failed(caller: Person, sandbox: Sandbox) -> None:
    sandbox.post("webhooks/rules", pattern="twilio:caller_id", action="drop")
    sandbox.phone(OWN_PHONE, keys_in_code=False)
    register(caller, sandbox)
    Registration.objects.update(expires_at=timezone.now())
    call_command("reconcile_registrations")
    assert caller.get(path_of(caller)).json()["failure"] == "no_news"


def test_second_account_shows_the_number_and_the_last_removes_it(
    person: People, alice: User, charlie: User, sandbox: Sandbox, tmp_path: Path
) -> None:
    load_rules(tmp_path, REGISTERED)
    first, second = person(alice, phone=OWN_PHONE, dollars=20), person(charlie, dollars=20)
    assert register(first, sandbox)["state"] == "registered"
    prove(second, sandbox)
    assert second.post("quote", to=DESTINATION).json()["shown_number"] == OWN_PHONE
    assert second.post(path_of(second)).json()["state"] == "registered"
    assert error_of(first.ask("DELETE", path_of(first))) == "registration_shared"
    for somebody, left in ((first, 1), (second, 0)):
        somebody.ask("DELETE", path_of(somebody).removesuffix("/register"))
        call_command("reconcile_registrations")
        assert Registration.objects.filter(state="registered").count() == left
    assert Registration.objects.get().state == "removed"


def test_two_accounts_that_remove_a_phone_at_once_leave_nothing_at_the_carrier(
    person: People, alice: User, charlie: User, sandbox: Sandbox
) -> None:
    first, second = person(alice, phone=OWN_PHONE), person(charlie)
    register(first, sandbox)
    prove(second, sandbox)
    mine = CallerId.objects.get(account=alice.account)
    path = path_of(second).removesuffix("/register")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            remove_caller_id(mine, user=None)
            removing = pool.submit(in_another_thread, lambda: second.ask("DELETE", path))
        assert removing.result().status_code == 204
    assert Registration.objects.get().state == "removing"


def test_phone_that_was_removed_meanwhile_is_removed_at_the_carrier(
    caller: Person, sandbox: Sandbox
) -> None:
    sandbox.post("speed", speed=10)
    sandbox.phone(OWN_PHONE, answer_after_seconds=20)
    caller.post(path_of(caller))
    caller.ask("DELETE", path_of(caller).removesuffix("/register"))
    sandbox.wait_until_idle()
    call_command("reconcile_registrations")
    assert Registration.objects.get().state == "removed"


def test_registration_is_removed_on_request_and_made_again(
    caller: Person, sandbox: Sandbox
) -> None:
    register(caller, sandbox)
    assert caller.ask("DELETE", path_of(caller)).status_code == 204
    assert caller.get(path_of(caller)).json()["state"] == "none"
    assert error_of(caller.post(path_of(caller))) == "registration_under_way"
    sandbox.fault("503", "/OutgoingCallerIds/*", times=1)
    call_command("reconcile_registrations")
    Registration.objects.update(expires_at=timezone.now())
    call_command("reconcile_registrations")
    assert register(caller, sandbox)["state"] == "registered"


@pytest.mark.parametrize("gone", ["frozen", "stranger", "too old"])
def test_only_the_owner_of_a_verified_phone_registers_it(
    person: People, alice: User, charlie: User, gone: str
) -> None:
    somebody = person(alice, phone=OWN_PHONE)
    path, expected = path_of(somebody), {"frozen": "account_frozen", "stranger": "not_found"}
    if gone == "frozen":
        Account.objects.update(frozen_at=timezone.now())
    elif gone == "stranger":
        somebody = person(charlie)
    else:
        CallerId.objects.update(verified_at=timezone.now().replace(year=2020))
    assert error_of(somebody.post(path)) == expected.get(gone, "caller_id_unverified")
    assert not Registration.objects.exists()


def test_report_needs_the_carriers_signature(
    caller: Person, sandbox: Sandbox, settings: Settings
) -> None:
    sandbox.post("speed", speed=1)
    sandbox.phone(OWN_PHONE, outcome="manual")
    caller.post(path_of(caller))
    path = f"/webhooks/twilio/registration/{Registration.objects.get().public_id}"
    fields = {"VerificationStatus": "success", "OutgoingCallerIdSid": "PN" + "a" * 32}
    forged = send(path, fields, base=settings.PUBLIC_URL, token="a guess")
    assert forged.status_code == 403
    assert Registration.objects.get().state == "calling"
    for _ in range(2):
        sent = send(path, fields, base=settings.PUBLIC_URL, token=settings.TWILIO_AUTH_TOKEN)
        assert sent.status_code == 204
    assert AuditEvent.objects.filter(action="caller_id.registered").count() == 1
