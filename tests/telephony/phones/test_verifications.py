"""Proving a phone, with the sandbox as Twilio Verify."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import AuditEvent, OutboxMail, User
from telephony.models import CallerId, Verification
from telephony.phones.caller_ids import active_caller_ids, remove_caller_id
from tests.telephony.conftest import (
    DESTINATION,
    OWN_PHONE,
    Answer,
    Person,
    in_another_thread,
)
from tests.telephony.sandbox import Sandbox, wait_for

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]
People = Callable[..., Person]


def error_of(answer: Answer) -> str:
    return str(answer.json()["error"]["code"])


def prove(somebody: Person, sandbox: Sandbox, number: str = OWN_PHONE) -> None:
    assert somebody.post("caller-ids", number=number).status_code == 201
    proved = somebody.post("caller-ids/confirm", code=sandbox.code_for(number))
    assert proved.status_code == 200


def wrong(code: str) -> str:
    return "111111" if code != "111111" else "222222"


def test_code_alone_proves_a_phone(person: People, alice: User, sandbox: Sandbox) -> None:
    somebody = person(alice)
    asked = somebody.post("caller-ids", number="07400 123456", country="GB")
    assert asked.status_code == 201
    assert set(asked.json()) == {
        "verification_id", "e164", "channel", "expires_at", "attempts_left",
    }  # fmt: skip
    assert somebody.get("caller-ids").json()["pending"]["e164"] == OWN_PHONE
    proved = somebody.post("caller-ids/confirm", code=sandbox.code_for(OWN_PHONE))
    assert proved.status_code == 200
    assert proved.json()["is_default"] is True
    listed = somebody.get("caller-ids").json()
    assert [c["e164"] for c in listed["items"]] == [OWN_PHONE]
    assert listed["pending"] is None
    alice.account.refresh_from_db()
    assert alice.account.default_country == "GB"


def test_country_of_the_account_is_changed(local_caller: Person, bob: User) -> None:
    answer = local_caller.post("caller-ids/country", country="France")
    assert answer.json() == {"default_country": "FR", "country_name": "France"}
    assert local_caller.get("status").json()["account"]["default_country"] == "FR"
    checked = local_caller.post("numbers/check", number="01 23 45 67 89")
    assert checked.json()["e164"] == "+33123456789"
    local_caller.post("caller-ids/country", country="fr")
    changes = AuditEvent.objects.filter(account=bob.account, action="account.country_changed")
    assert [e.facts for e in changes] == [{"country": "FR", "was": ""}]


def test_country_that_nobody_knows_is_refused(local_caller: Person) -> None:
    assert error_of(local_caller.post("caller-ids/country", country="QQ")) == "unknown_country"


def test_teammate_confirms_on_another_machine(
    person: People, alice: User, bob: User, sandbox: Sandbox
) -> None:
    person(alice).post("caller-ids", number=OWN_PHONE)
    confirmed = person(bob).post("caller-ids/confirm", code=sandbox.code_for(OWN_PHONE))
    assert confirmed.status_code == 200


def test_code_by_voice_call(person: People, alice: User, sandbox: Sandbox) -> None:
    asked = person(alice).post("caller-ids", number=OWN_PHONE, channel="call")
    assert asked.json()["channel"] == "call"
    assert sandbox.get("messages", to=OWN_PHONE)["messages"][-1]["channel"] == "call"


def test_code_of_the_wrong_form_costs_no_try(person: People, alice: User, sandbox: Sandbox) -> None:
    somebody = person(alice)
    somebody.post("caller-ids", number=OWN_PHONE)
    refused = somebody.post("caller-ids/confirm", code="abc")
    assert refused.status_code == 400
    fields = refused.json()["error"]["details"]["fields"]
    assert fields == {"code": ["A code is 4 to 10 digits."]}
    assert Verification.objects.get().attempts_left == 5


def test_wrong_code_says_how_many_tries_are_left(
    person: People, alice: User, sandbox: Sandbox
) -> None:
    somebody = person(alice)
    somebody.post("caller-ids", number=OWN_PHONE)
    code = sandbox.code_for(OWN_PHONE)
    refused = somebody.post("caller-ids/confirm", code=wrong(code))
    assert refused.status_code == 422
    assert refused.json()["error"]["details"] == {"attempts_left": 4}
    assert somebody.post("caller-ids/confirm", code=code).status_code == 200


def test_fifth_wrong_code_ends_the_verification(
    person: People, alice: User, sandbox: Sandbox
) -> None:
    somebody = person(alice)
    somebody.post("caller-ids", number=OWN_PHONE)
    code = sandbox.code_for(OWN_PHONE)
    answers = [somebody.post("caller-ids/confirm", code=wrong(code)) for _ in range(5)]
    assert {error_of(answer) for answer in answers} == {"wrong_code"}
    assert error_of(somebody.post("caller-ids/confirm", code=code)) == "too_many_tries"
    assert not CallerId.objects.exists()


def test_expired_code_is_told_apart(person: People, alice: User, sandbox: Sandbox) -> None:
    somebody = person(alice)
    somebody.post("caller-ids", number=OWN_PHONE)
    sandbox.post("advance", seconds=601)
    refused = somebody.post("caller-ids/confirm", code=sandbox.code_for(OWN_PHONE))
    assert (refused.status_code, error_of(refused)) == (410, "verification_expired")
    Verification.objects.update(state="pending", expires_at=timezone.now())
    assert error_of(somebody.post("caller-ids/confirm", code="123456")) == "verification_expired"


def test_confirming_without_a_request_is_refused(person: People, alice: User) -> None:
    refused = person(alice).post("caller-ids/confirm", code="123456")
    assert (refused.status_code, error_of(refused)) == (404, "no_verification_pending")


def test_several_pending_phones_need_a_number(
    person: People, alice: User, bob: User, charlie: User, sandbox: Sandbox
) -> None:
    charlie.account = alice.account
    charlie.save()
    person(alice).post("caller-ids", number=OWN_PHONE)
    person(bob).post("caller-ids", number="+447400123457")
    third = person(charlie)
    code = sandbox.code_for(OWN_PHONE)
    assert error_of(third.post("caller-ids/confirm", code=code)) == "several_verifications_pending"
    assert third.post("caller-ids/confirm", code=code, number=OWN_PHONE).status_code == 200


def test_phone_asked_for_twice_at_once_is_proved_by_its_code(
    person: People, alice: User, sandbox: Sandbox
) -> None:
    somebody = person(alice)
    sandbox.fault("slow", "/Verifications", method="POST", seconds=1, times=2)
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(in_another_thread, lambda: somebody.post("caller-ids", number=OWN_PHONE))
            for _ in range(2)
        ]
    assert [one.result().status_code for one in asked] == [201, 201]
    proved = somebody.post("caller-ids/confirm", code=sandbox.code_for(OWN_PHONE))
    assert (proved.status_code, proved.json().get("e164")) == (200, OWN_PHONE)
    assert somebody.get("caller-ids").json()["pending"] is None


def test_one_phone_of_a_user_waits_however_many_are_asked_for_at_once(
    person: People, alice: User, sandbox: Sandbox
) -> None:
    somebody = person(alice)
    sandbox.fault("slow", "/Verifications", method="POST", seconds=0.5, times=5)

    def ask(last: int) -> Answer:
        return in_another_thread(lambda: somebody.post("caller-ids", number=f"+44740012345{last}"))

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(ask, range(5)))
    asked = [answer.json()["e164"] for answer in answers if answer.status_code == 201]
    assert Verification.objects.filter(state__in=("requested", "pending")).count() == 1
    assert {error_of(answer) for answer in answers if answer.status_code != 201} <= {
        "verification_expired"
    }
    assert somebody.get("caller-ids").json()["pending"]["e164"] in asked


@pytest.mark.parametrize(
    ("twilio_code", "code"),
    [
        (60200, "number_unreachable"),
        (60202, "too_many_tries"),
        (60203, "too_many_codes"),
        (60205, "landline_no_sms"),
        (60207, "too_many_codes"),
        (60212, "too_many_codes"),
        (60238, "number_blocked"),
        (60410, "number_blocked"),
        (60605, "region_not_permitted"),
        (20003, "provider_misconfigured"),
    ],
)
def test_refusals_of_twilio_are_told_apart(
    person: People, alice: User, sandbox: Sandbox, twilio_code: int, code: str
) -> None:
    sandbox.phone(OWN_PHONE, verify_error=twilio_code)
    assert error_of(person(alice).post("caller-ids", number=OWN_PHONE)) == code
    failed = Verification.objects.get()
    assert (failed.state, failed.failure_code) == ("failed", code)


@pytest.mark.parametrize("kind", ["429", "500", "timeout", "close", "empty", "malformed", "html"])
@pytest.mark.parametrize("path", ["/Verifications", "/VerificationCheck"])
def test_faults_of_twilio_end_in_a_state_that_a_retry_repairs(
    person: People, alice: User, sandbox: Sandbox, kind: str, path: str
) -> None:
    somebody = person(alice)
    sandbox.fault(kind, path, method="POST")
    asked = somebody.post("caller-ids", number=OWN_PHONE)
    if path == "/Verifications":
        assert (asked.status_code, error_of(asked)) == (503, "provider_unavailable")
        somebody.post("caller-ids", number=OWN_PHONE)
    code = sandbox.code_for(OWN_PHONE)
    confirmed = somebody.post("caller-ids/confirm", code=code)
    if path == "/VerificationCheck":
        assert (confirmed.status_code, error_of(confirmed)) == (503, "provider_unavailable")
        assert Verification.objects.get().attempts_left == 5
        confirmed = somebody.post("caller-ids/confirm", code=code)
    assert confirmed.status_code == 200


@pytest.mark.parametrize("guess", ["right", "wrong"])
def test_code_checked_while_it_is_sent_again_is_not_forgotten(
    person: People, alice: User, sandbox: Sandbox, guess: str
) -> None:
    somebody = person(alice)
    somebody.post("caller-ids", number=OWN_PHONE)
    code = sandbox.code_for(OWN_PHONE)
    sandbox.fault("slow", "/Verifications", method="POST", seconds=1)
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(
            in_another_thread, lambda: somebody.post("caller-ids", number=OWN_PHONE)
        )
        wait_for(lambda: len(sandbox.get("messages", to=OWN_PHONE)["messages"]) == 2, "the code")
        somebody.post("caller-ids/confirm", code=code if guess == "right" else wrong(code))
        sent = sending.result()
    proof = Verification.objects.get()
    if guess == "right":
        assert (sent.status_code, error_of(sent)) == (410, "verification_expired")
        assert (proof.state, proof.attempts_left) == ("approved", 4)
    else:
        assert sent.json()["attempts_left"] == proof.attempts_left == 4


@pytest.mark.parametrize("kind", ["500", "timeout", "close", "empty", "malformed", "html"])
def test_proof_whose_answer_was_lost_needs_another_code(
    person: People, alice: User, sandbox: Sandbox, kind: str
) -> None:
    somebody = person(alice)
    somebody.post("caller-ids", number=OWN_PHONE)
    code = sandbox.code_for(OWN_PHONE)
    sandbox.fault(kind, "/VerificationCheck", method="POST", when="after")
    assert somebody.post("caller-ids/confirm", code=code).status_code == 503
    used = somebody.post("caller-ids/confirm", code=code)
    assert (used.status_code, error_of(used)) == (410, "verification_expired")
    assert "was used" in used.json()["error"]["message"]
    prove(somebody, sandbox)
    assert CallerId.objects.get().e164 == OWN_PHONE


def test_taking_a_phone_over_tells_its_former_owner(
    person: People, alice: User, charlie: User, sandbox: Sandbox
) -> None:
    former = person(alice, phone=OWN_PHONE)
    prove(person(charlie), sandbox)
    assert former.get("caller-ids").json()["items"] == []
    mail = OutboxMail.objects.get(template__contains="taken_over")
    assert mail.user == alice
    assert AuditEvent.objects.filter(account=alice.account, action="caller_id.taken_over").exists()
    assert error_of(former.call()) == "caller_id_required"


def test_proof_that_is_too_old_must_be_given_again(
    person: People, alice: User, sandbox: Sandbox
) -> None:
    somebody = person(alice, phone=OWN_PHONE, dollars=20)
    CallerId.objects.update(verified_at=timezone.now() - timedelta(days=181))
    assert error_of(somebody.call()) == "caller_id_unverified"
    prove(somebody, sandbox)
    assert somebody.call().status_code == 201


def test_removing_the_default_phone_chooses_another(
    person: People, alice: User, sandbox: Sandbox
) -> None:
    somebody = person(alice, phone=OWN_PHONE)
    prove(somebody, sandbox, "+447400123457")
    first, second = somebody.get("caller-ids").json()["items"]
    chosen = somebody.post(f"caller-ids/{second['id']}/default")
    assert chosen.json()["is_default"] is True
    assert somebody.ask("DELETE", f"caller-ids/{second['id']}").status_code == 204
    (left,) = somebody.get("caller-ids").json()["items"]
    assert (left["id"], left["is_default"]) == (first["id"], True)


def test_choosing_a_phone_that_is_just_removed_leaves_a_default(local_caller: Person) -> None:
    account = local_caller.user.account
    going = CallerId.objects.create(account=account, e164="+447400123457", country="GB")
    path = f"caller-ids/{going.public_id}/default"
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            remove_caller_id(going, user=None)
            choosing = pool.submit(in_another_thread, lambda: local_caller.post(path))
            with suppress(TimeoutError):  # it waits for us, having found the phone before
                choosing.result(timeout=1)
        assert (choosing.result().status_code, error_of(choosing.result())) == (404, "not_found")
    assert [p.e164 for p in active_caller_ids(account) if p.is_default] == [OWN_PHONE]


def test_strangers_cannot_touch_a_phone(person: People, alice: User, charlie: User) -> None:
    person(alice, phone=OWN_PHONE)
    stranger, theirs = person(charlie), CallerId.objects.get().public_id
    assert stranger.ask("DELETE", f"caller-ids/{theirs}").status_code == 404
    assert stranger.post(f"caller-ids/{theirs}/default").status_code == 404
    assert error_of(stranger.call(DESTINATION, caller_id=theirs)) == "caller_id_required"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("+449098790879", "destination_blocked"),
        ("+355672123456", "no_rate"),
        ("+442079460018 ext 12", "invalid_number"),
        ("112", "emergency_number"),
    ],
)
def test_phones_that_calls_could_not_ring_are_refused(
    person: People, alice: User, number: str, code: str
) -> None:
    assert error_of(person(alice).post("caller-ids", number=number)) == code
    assert not Verification.objects.exists()
