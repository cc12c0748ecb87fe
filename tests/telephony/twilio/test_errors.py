"""Every question to Twilio fails once: a clear error, and a state that the next try repairs."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import CommandError
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account, User
from telephony import live_checks
from telephony.models import Call, CallerId, RateDeck, Verification
from tests.telephony.callers import DESTINATION, OWN_PHONE, Answer, Person
from tests.telephony.printing import printed
from tests.telephony.reconciling import calls_to, reconcile_now
from tests.telephony.sandbox import Sandbox, wait_for

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]

KINDS = ["429", "500", "timeout", "empty", "malformed", "refused"]
NOBODY = "http://127.0.0.1:9"
Break = Callable[..., None]


@pytest.fixture
def twilio_fails(sandbox: Sandbox, settings: Settings) -> Break:
    """Twilio fails in some way, once, or refuses connections until `mend`."""

    def fail(kind: str, path: str, method: str = "GET", when: str = "before") -> None:
        if kind == "refused":
            settings.TWILIO_API_URL = NOBODY
        else:
            sandbox.fault(kind, path, method=method, when=when)

    return fail


@pytest.fixture
def mend(sandbox: Sandbox, settings: Settings) -> Callable[[], None]:
    def mended() -> None:
        settings.TWILIO_API_URL = sandbox.url
        sandbox.clear_faults()

    return mended


def error_of(answer: Answer) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["error"]["code"])


@pytest.fixture
def unheard(caller: Person, sandbox: Sandbox) -> str:
    """Place a call of 65 seconds whose end was not reported to us."""
    sandbox.post("webhooks/rules", pattern="*call.*", action="drop")
    sandbox.post("webhooks/rules", pattern="*dial_action", action="drop")
    sandbox.phone(DESTINATION, talk_seconds=65)
    call_id = str(caller.call().json()["call_id"])
    wait_for(lambda: calls_to(sandbox, DESTINATION) == 1, "the destination to ring")
    sandbox.wait_until_idle()
    return call_id


@pytest.mark.parametrize("path", ["/Calls/CA*.json", "/Calls.json"], ids=["leg A", "leg B"])
@pytest.mark.parametrize("kind", KINDS)
def test_call_is_settled_by_the_next_run(
    caller: Person,
    unheard: str,
    twilio_fails: Break,
    mend: Callable[[], None],
    kind: str,
    path: str,
) -> None:
    twilio_fails(kind, path)
    reconcile_now()
    call = Call.objects.get()
    assert (call.settled_at, call.reconcile_after is None) == (None, False)
    mend()
    reconcile_now()
    assert caller.final(unheard)["duration_seconds"] == 65
    assert caller.balance.held_micros == 0


@pytest.mark.parametrize("kind", KINDS)
def test_price_is_asked_for_again(
    caller: Person,
    sandbox: Sandbox,
    twilio_fails: Break,
    mend: Callable[[], None],
    kind: str,
) -> None:
    before = caller.final(caller.call().json()["call_id"])
    sandbox.post("advance", seconds=600)
    twilio_fails(kind, "/Calls/CA*.json")
    reconcile_now()
    assert Call.objects.get().reconcile_after
    mend()
    reconcile_now()
    call = Call.objects.get()
    assert call.leg_a_paid_micros
    assert call.leg_b_paid_micros
    assert caller.final(call.public_id)["cost"] == before["cost"]


@pytest.mark.parametrize("kind", KINDS)
def test_call_whose_answer_and_look_up_were_lost_rings_once(
    caller: Person,
    sandbox: Sandbox,
    twilio_fails: Break,
    mend: Callable[[], None],
    kind: str,
) -> None:
    sandbox.post("speed", speed=1)
    sandbox.post("webhooks/rules", pattern="*", action="drop")
    sandbox.fault("close", "/Calls.json", method="POST", when="after")
    sandbox.fault("close" if kind == "refused" else kind, "/Calls.json", method="GET")
    lost = caller.call(key="once")
    assert error_of(lost) == (503, "provider_unavailable")
    assert "may ring" in lost.json()["error"]["hint"]
    twilio_fails(kind, "/Calls.json")
    assert error_of(caller.call(key="once")) == (503, "provider_unavailable")
    mend()
    other = caller.call("+442079460100", key="once")
    assert error_of(other) == (409, "idempotency_conflict")
    again = caller.call(key="once")
    assert again.status_code == 201
    assert again.json()["call_id"] == lost.json()["error"]["details"]["call_id"]
    assert calls_to(sandbox, OWN_PHONE) == 1


@pytest.mark.parametrize("kind", ["429", "refused"])
def test_call_that_surely_was_not_placed_sets_nothing_aside(
    caller: Person, twilio_fails: Break, mend: Callable[[], None], kind: str
) -> None:
    twilio_fails(kind, "/Calls.json", "POST")
    refused = caller.call(key="once")
    assert error_of(refused) == (503, "provider_unavailable")
    assert refused.json()["error"]["hint"].startswith("Nothing was charged")
    assert caller.balance.held_micros == 0
    assert Call.objects.get().end_reason == "provider_unavailable"
    mend()
    assert caller.call(key="once").status_code == 201


def test_name_that_cannot_be_resolved_sets_nothing_aside(
    caller: Person, settings: Settings
) -> None:
    settings.TWILIO_API_URL = "http://twilio.invalid"
    assert error_of(caller.call()) == (503, "provider_unavailable")
    assert caller.balance.held_micros == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/Accounts/AC*.json", "Twilio account"),
        ("/v2/Services/VA*", "Twilio Verify"),
        ("/Voice/Countries/US", "Twilio currency"),
        ("/DialingPermissions/Countries", "Twilio"),
    ],
)
@pytest.mark.usefixtures("live")
def test_check_of_twilio_names_the_part_that_fails(
    twilio_fails: Break, mend: Callable[[], None], kind: str, path: str, part: str
) -> None:
    twilio_fails(kind, path)
    wrong = {one.subject: one.remedy for one in live_checks.findings() if one.is_right is False}
    assert "Try again in a minute" in wrong["Twilio account" if kind == "refused" else part]
    mend()
    assert part not in {one.subject for one in live_checks.findings() if one.is_right is False}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("live")
def test_countries_that_were_not_listed_make_no_deck(twilio_fails: Break, kind: str) -> None:
    twilio_fails(kind, "/v2/Voice/Countries")
    with pytest.raises(CommandError, match="carrier"):
        printed("sync_rates", "--margin", "40", "--allow-jumps", "--allow-gaps")
    assert RateDeck.objects.count() == 1


@pytest.mark.parametrize(
    "row",
    [
        "none",
        {"friendly_name": "without a price"},
        {"friendly_name": "dear", "destination_prefixes": ["44"], "current_price": "very"},
    ],
    ids=["no row", "no price", "no number"],
)
@pytest.mark.usefixtures("live")
def test_prices_of_another_shape_make_no_deck(sandbox: Sandbox, row: object) -> None:
    altered = {"outbound_prefix_prices": [row]}
    sandbox.fault("altered", "/v2/Voice/Countries/GB", fields=altered)
    with pytest.raises(CommandError, match="carrier"):
        printed("sync_rates", "--margin", "40", "--country", "GB", "--allow-gaps")
    assert RateDeck.objects.count() == 1


@pytest.mark.parametrize("kind", KINDS)
def test_call_of_unknown_outcome_is_looked_up_again(
    caller: Person,
    sandbox: Sandbox,
    twilio_fails: Break,
    mend: Callable[[], None],
    kind: str,
) -> None:
    sandbox.post("webhooks/rules", pattern="*", action="drop")
    sandbox.fault("close", "/Calls.json", method="POST", when="after")
    sandbox.fault("close", "/Calls.json", method="GET")
    call_id = caller.call().json()["error"]["details"]["call_id"]
    sandbox.wait_until_idle()
    Call.objects.update(created_at=timezone.now() - timedelta(seconds=20))
    twilio_fails(kind, "/Calls.json")
    reconcile_now()
    assert Call.objects.get().leg_a_sid is None
    assert caller.balance.held_micros > 0
    Call.objects.update(created_at=timezone.now() - timedelta(seconds=40))
    mend()
    reconcile_now()
    reconcile_now()
    assert caller.final(call_id)["cost"] == "0.00"
    assert caller.balance.held_micros == 0


def test_outage_is_not_asked_about_call_by_call(
    caller: Person, sandbox: Sandbox, settings: Settings
) -> None:
    settings.CALLS_AT_ONCE_NEW_ACCOUNT = 5
    sandbox.post("speed", speed=0.01)
    for _ in range(5):
        assert caller.call(max_seconds=60).status_code == 201
    Account.objects.update(frozen_at=timezone.now())
    sandbox.fault("503", "*", times=None)
    before = len(sandbox.get("exchanges", provider="twilio")["exchanges"])
    reconcile_now()
    assert len(sandbox.get("exchanges", provider="twilio")["exchanges"]) == before + 3
    assert Call.objects.exclude(hangup_requested_at=None).count() == 5
    sandbox.clear_faults()
    reconcile_now()
    assert sandbox.get("calls", running="1")["calls"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_list_of_a_day_that_was_not_sent_is_no_report(
    caller: Person, sandbox: Sandbox, twilio_fails: Break, mend: Callable[[], None], kind: str
) -> None:
    caller.final(caller.call().json()["call_id"])
    sandbox.wait_until_idle()
    today = f"--date={timezone.now():%Y-%m-%d}"
    twilio_fails(kind, "/Calls.json")
    with pytest.raises(CommandError, match="carrier"):
        printed("reconcile_twilio", today)
    mend()
    assert "No difference." in printed("reconcile_twilio", today)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("429", "refused")])
def test_code_that_was_sent_unheard_is_good(
    person: Callable[..., Person], alice: User, sandbox: Sandbox, twilio_fails: Break, kind: str
) -> None:
    somebody = person(alice)
    twilio_fails(kind, "/Verifications", "POST", "after")
    assert error_of(somebody.post("caller-ids", number=OWN_PHONE, key="once"))[0] == 503
    code = sandbox.code_for(OWN_PHONE)
    assert somebody.post("caller-ids", number=OWN_PHONE, key="once").status_code == 201
    assert sandbox.code_for(OWN_PHONE) == code
    assert somebody.post("caller-ids/confirm", code=code).status_code == 200


def test_wrong_verify_service_is_the_operators_fault(
    person: Callable[..., Person], alice: User, settings: Settings
) -> None:
    settings.TWILIO_VERIFY_SERVICE_SID = "VA" + "0" * 32
    refused = person(alice).post("caller-ids", number=OWN_PHONE)
    assert error_of(refused) == (503, "provider_misconfigured")
    assert Verification.objects.get().failure_code == "provider_misconfigured"
    assert not CallerId.objects.exists()


def test_wrong_account_is_the_operators_fault(caller: Person, settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID = "AC" + "0" * 32
    assert error_of(caller.call()) == (503, "provider_misconfigured")
    assert caller.balance.held_micros == 0
