"""Proving a phone, with the sandbox as Twilio Verify."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.utils import timezone

from accounts.models import User
from telephony.models import CallerId, Verification
from tests.telephony.callers import OWN_PHONE, Answer, People, in_another_thread, prove
from tests.telephony.refusals import error_of
from tests.telephony.sandbox import Sandbox, wait_for

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


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
    last = answers[-1].json()["error"]
    assert last["message"] == "That is not the code. That was the last try."
    assert last["hint"] == "Send a new code with POST caller-ids."
    assert error_of(somebody.post("caller-ids/confirm", code=code)) == "too_many_tries"
    assert not CallerId.objects.exists()


def test_expired_code_is_distinguished(person: People, alice: User, sandbox: Sandbox) -> None:
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
        (60220, "region_not_permitted"),
        (60605, "region_not_permitted"),
        (20003, "provider_misconfigured"),
    ],
)
def test_refusals_of_twilio_are_distinguished(
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
    sandbox.fault("slow", "/Verifications", method="POST")
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(
            in_another_thread, lambda: somebody.post("caller-ids", number=OWN_PHONE)
        )
        wait_for(lambda: len(sandbox.get("messages", to=OWN_PHONE)["messages"]) == 2, "the code")
        somebody.post("caller-ids/confirm", code=code if guess == "right" else wrong(code))
        sandbox.clear_faults()
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
