"""The question on the customer's own phone: a person presses 1, a mailbox does not."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account
from telephony.calls.reconcile import reconcile_due
from telephony.models import Call
from telephony.rules import activity_of
from tests.telephony.callers import DESTINATION, OWN_PHONE, Person
from tests.telephony.sandbox import Sandbox, wait_for
from tests.telephony.webhooks import Report

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def ended(somebody: Person) -> tuple[str, str | None, str]:
    final = somebody.final(somebody.call().json()["call_id"])
    return final["state"], final["end_reason"], final["cost"]


@pytest.mark.parametrize(
    "phone",
    [
        {"outcome": "voicemail", "answer_after_seconds": 22},
        {"outcome": "voicemail", "talk_seconds": 3},  # a full mailbox hangs up
        {"keys": ""},
        {"keys": "55"},
        {"keys": "#*"},
        {"key_after_seconds": 60},
    ],
    ids=lambda phone: " ".join(f"{name} {value}" for name, value in phone.items()),
)
def test_without_the_key_no_one_is_called_and_nothing_is_charged(
    caller: Person, sandbox: Sandbox, phone: dict[str, object]
) -> None:
    sandbox.phone(OWN_PHONE, **phone)
    assert ended(caller) == ("no_answer", "no_key", "0.00")
    assert sandbox.get("calls", number=DESTINATION)["calls"] == []
    assert (caller.balance.balance_micros, caller.balance.held_micros) == (20_000_000, 0)


@pytest.mark.parametrize(
    ("phone", "first_key"), [({"keys": "51"}, "5"), ({"key_after_seconds": 13}, "")]
)
def test_question_is_asked_once_more(
    caller: Person, sandbox: Sandbox, phone: dict[str, object], first_key: str
) -> None:
    sandbox.phone(OWN_PHONE, **phone)
    assert ended(caller)[:2] == ("completed", None)
    first, second = Call.objects.get().events.filter(kind="key").order_by("id")
    assert (first.sequence, second.sequence) == ("first", "second")
    assert (first.payload["Digits"], second.payload["Digits"]) == (first_key, "1")


def test_account_that_switched_the_question_off_is_put_through_at_once(
    caller: Person, sandbox: Sandbox
) -> None:
    Account.objects.update(asks_for_key=False)
    sandbox.phone(OWN_PHONE, keys="")
    assert ended(caller)[:2] == ("completed", None)
    assert Call.objects.get().asked_at is None


@pytest.fixture
def asked(caller: Person, sandbox: Sandbox) -> str:
    """A call at the question, where the clock of the carrier all but stands."""
    sandbox.phone(OWN_PHONE, keys="", answer_after_seconds=0)
    sandbox.post("speed", speed=1)
    call_id = str(caller.call().json()["call_id"])
    wait_for(lambda: sandbox.get("calls", number=OWN_PHONE)["calls"][0]["takes_keys"], "a question")
    sandbox.post("speed", speed=0.01)
    return call_id


def test_call_waits_for_the_key_before_the_other_phone_rings(
    caller: Person, sandbox: Sandbox, asked: str
) -> None:
    seen = caller.get(f"calls/{asked}").json()
    assert (seen["state"], seen["awaits_key"]) == ("dialing", True)
    sandbox.post(f"calls/{Call.objects.get().leg_a_sid}/press-1")
    wait_for(lambda: Call.objects.get().bridged_at, "the bridge")
    seen = caller.get(f"calls/{asked}").json()
    assert (seen["state"], seen["awaits_key"]) == ("ringing", False)


def test_hang_up_during_the_question_is_a_hang_up(caller: Person, asked: str) -> None:
    assert caller.post(f"calls/{asked}/hangup").status_code == 200
    final = caller.final(asked)
    assert (final["state"], final["end_reason"], final["cost"]) == ("canceled", "hung_up", "0.00")


def test_mailbox_uses_up_free_attempts_and_is_never_charged(
    caller: Person, sandbox: Sandbox, settings: Settings
) -> None:
    settings.FREE_ATTEMPTS_PER_DAY, settings.CHARGE_UNANSWERED_CALLS = 1, True
    sandbox.phone(OWN_PHONE, outcome="voicemail")
    assert [ended(caller)[2] for _ in range(2)] == ["0.00", "0.00"]
    activity = activity_of(caller.user.account)
    assert (activity.free_attempts_today, activity.charges_attempts) == (2, True)
    minutes = sum(-(-(call.leg_a_seconds or 0) // 60) for call in Call.objects.all())
    assert minutes >= 2
    assert activity.unpaid_today_micros == minutes * 30_000


def test_question_and_ring_take_nothing_from_the_talk(caller: Person, sandbox: Sandbox) -> None:
    sandbox.phone(OWN_PHONE, keys="51", key_after_seconds=11)
    sandbox.phone(DESTINATION, answer_after_seconds=44, talk_seconds=500)
    placed = caller.call(max_seconds=120, only_my_number=True)  # with room for one ring only
    final = caller.final(placed.json()["call_id"])
    assert (final["state"], final["duration_seconds"]) == ("completed", 120)


@pytest.mark.parametrize(
    ("lost", "ending"),
    [
        (["twilio:call.*"], ("no_answer", "no_key", None)),
        (["twilio:gather_action"], ("failed", "not_bridged", 11205)),
        (["twilio:gather_action", "twilio:call.*"], ("failed", "not_bridged", 11205)),
    ],
)
def test_question_whose_requests_are_lost_ends_without_a_charge(
    caller: Person, sandbox: Sandbox, lost: list[str], ending: tuple[str, str, int | None]
) -> None:
    for pattern in lost:
        sandbox.post("webhooks/rules", pattern=pattern, action="drop")
    sandbox.phone(OWN_PHONE, keys="1" if "twilio:gather_action" in lost else "")
    caller.call()
    sandbox.wait_until_idle()
    Call.objects.filter(settled_at=None).update(reconcile_after=timezone.now())
    reconcile_due()
    call = Call.objects.get()
    assert (call.state, call.end_reason, call.dial_error) == ending
    assert (call.cost_micros, caller.balance.held_micros) == (0, 0)


@pytest.mark.parametrize("kind", ["twiml", "gather_action", "dial_action"])
def test_outage_of_some_seconds_does_not_end_the_call(
    caller: Person, sandbox: Sandbox, kind: str
) -> None:
    sandbox.post("webhooks/rules", pattern=f"twilio:{kind}", action="drop", times=4)
    sandbox.phone(OWN_PHONE, keys="21")
    final = caller.final(caller.call().json()["call_id"])
    assert (final["state"], final["duration_seconds"]) == ("completed", 30)
    lost = sandbox.get("webhooks", kind=f"twilio:{kind}")["webhooks"][0]
    assert [attempt["error"] for attempt in lost["attempts"]] == ["dropped"] * 4 + [None]


def test_key_is_refused_once_the_call_has_ended(caller: Person, report: Report) -> None:
    report("twiml", CallStatus="in-progress")
    report("status", CallStatus="completed", CallDuration="20")
    assert "<Dial" not in report("key", CallStatus="in-progress", Digits="1")
    call = Call.objects.get()
    assert (call.bridged_at, call.end_reason) == (None, "no_key")


def test_key_that_is_sent_twice_gets_the_same_answer(report: Report) -> None:
    report("twiml", CallStatus="in-progress")
    answers = [report("key", CallStatus="in-progress", Digits="1") for _ in range(2)]
    assert answers[0] == answers[1]
    assert "<Dial" in answers[0]
    # A key from before the bridge, delivered late, neither asks again nor says goodbye.
    assert "<Say" not in report("key", CallStatus="in-progress", Digits="5")


def test_frozen_account_is_not_put_through(caller: Person, report: Report) -> None:
    report("twiml", CallStatus="in-progress")
    Account.objects.update(frozen_at=timezone.now() - timedelta(seconds=1))
    for digits in ("1", ""):
        document = report("key", CallStatus="in-progress", Digits=digits)
        assert "<Hangup" in document
        assert "<Dial" not in document
