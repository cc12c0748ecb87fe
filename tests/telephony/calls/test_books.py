"""Our calls compared with Twilio's list of calls."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from twilio.rest import Client  # type: ignore[import-untyped]  # the SDK has no types

from accounts.models import User
from billing.models import AuditReport
from mobayilo.lib.money import format_micros
from telephony.live_checks import place_trial_call
from telephony.models import Call
from telephony.twilio import gateway
from tests.telephony.callers import DESTINATION, OWN_PHONE, People, Person
from tests.telephony.printing import printed
from tests.telephony.reconciling import reconcile_now
from tests.telephony.sandbox import Sandbox, wait_for

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def compare() -> tuple[int, str]:
    """Run `reconcile_twilio` for today. Return whether it agreed, and its output."""
    text = StringIO()
    try:
        call_command("reconcile_twilio", "--date", f"{timezone.now():%Y-%m-%d}", stdout=text)
    except SystemExit as end:
        return int(str(end.code)), text.getvalue()
    return 0, text.getvalue()


@pytest.fixture
def talked(caller: Person, sandbox: Sandbox) -> Call:
    """Place a call of 65 seconds, whose price Twilio has reported."""
    sandbox.phone(DESTINATION, talk_seconds=65)
    caller.final(caller.call().json()["call_id"])
    sandbox.wait_until_idle()
    sandbox.post("advance", seconds=600)
    return Call.objects.get()


def test_day_that_agrees_shows_the_margin(talked: Call) -> None:
    code, text = compare()
    assert (code, "No difference." in text) == (0, True)
    (row,) = [line for line in text.splitlines() if line.startswith("United Kingdom")]
    assert row.split()[2:4] == ["1", "1.1"]
    assert AuditReport.objects.get(subject="twilio").difference_count == 0


@pytest.mark.parametrize("phone", [OWN_PHONE, "+12025550123"])
def test_each_leg_is_charged_by_the_number_that_it_shows(
    person: People, alice: User, sandbox: Sandbox, phone: str
) -> None:
    printed("sync_rates", "--margin=0", "--minimum=0", "--country=GB", "--country=US",
            "--allow-jumps", "--allow-gaps")  # fmt: skip
    somebody = person(alice, phone=phone, dollars=20)
    somebody.final(somebody.call(to="+447400654321").json()["call_id"])
    sandbox.wait_until_idle()
    sandbox.post("advance", seconds=600)
    reconcile_now()
    call = Call.objects.get()
    assert call.leg_a_paid_micros
    assert (call.leg_a_paid_micros, call.leg_b_paid_micros) == (
        call.leg_a_cost_micros, call.leg_b_cost_micros,
    )  # fmt: skip


def test_seconds_that_differ_are_found(talked: Call) -> None:
    Call.objects.update(leg_b_seconds=60)
    code, text = compare()
    assert code == 1
    assert f"{talked.public_id} leg B: 65 s at Twilio, 60 s here" in text
    assert AuditReport.objects.get(subject="twilio").difference_count == 1


def test_price_that_differs_is_found(talked: Call) -> None:
    assert compare()[0] == 0
    Call.objects.update(leg_b_paid_micros=1)
    assert f"{talked.public_id} leg B: price" in compare()[1]


def test_margin_is_what_was_charged_less_what_was_paid(talked: Call) -> None:
    Call.objects.update(reconcile_after=timezone.now())
    call_command("reconcile_calls")
    call = Call.objects.get()
    (row,) = [line for line in compare()[1].splitlines() if line.startswith("United Kingdom")]
    charged = call.cost_micros or 0
    paid = (call.leg_a_paid_micros or 0) + (call.leg_b_paid_micros or 0)
    assert paid
    assert row.split()[4:6] == [format_micros(charged), format_micros(paid)]
    assert row.split()[6] == f"{100 * (charged - paid) / charged:.0f}"


def test_call_that_we_do_not_know_is_found(talked: Call) -> None:
    Call.objects.update(leg_b_sid="CA" + "0" * 32)
    code, text = compare()
    assert code == 1
    assert f"{talked.leg_b_sid}: Twilio billed 65 s, unknown here" in text
    assert f"{talked.public_id}: CA{'0' * 32} is unknown to Twilio" in text


def test_call_that_was_never_settled_is_found(talked: Call) -> None:
    Call.objects.update(settled_at=None)
    code, text = compare()
    assert code == 1
    assert "not settled here" in text


def test_trial_call_of_the_operator_is_no_difference(live: LiveServer) -> None:
    assert all(one.is_right for one in place_trial_call(OWN_PHONE, print))
    code, text = compare()
    assert (code, "No difference." in text) == (0, True)
    assert "trial calls of check_live" in text


OURS, FRENCH = "+12025550100", "+33123456789"


def twilio() -> Client:
    """Return the SDK of another program of the same account."""
    return gateway._client()


def test_people_who_call_back_hear_a_sentence_and_are_no_difference(
    live: LiveServer, sandbox: Sandbox
) -> None:
    voice = f"{live.url}/webhooks/twilio/inbound"
    sandbox.post("twilio", owned_numbers={"voice_url": voice})
    called = sandbox.post("calls", **{"from": FRENCH, "to": OURS})
    sandbox.wait_until_idle()
    (asked,) = sandbox.get("webhooks", kind="twilio:twiml")["webhooks"]
    assert "nobody answers it" in asked["attempts"][0]["text"]
    (leg,) = sandbox.get("calls", number=OURS)["calls"]
    assert (leg["sid"], leg["status"], int(leg["duration"]) > 5) == (
        called["sid"],
        "completed",
        True,
    )
    code, text = compare()
    assert (code, "calls to our numbers" in text) == (0, True)


def test_other_calls_of_the_account_are_no_difference(live: LiveServer, sandbox: Sandbox) -> None:
    sandbox.post("twilio", purchased_numbers=[FRENCH])
    words = "<Response><Say>An announcement of another product.</Say></Response>"
    twilio().calls.create(to=DESTINATION, from_=FRENCH, twiml=words)
    sandbox.wait_until_idle()
    code, text = compare()
    assert (code, "other calls of the account" in text) == (0, True)
    twilio().calls.create(to=DESTINATION, from_=OURS, twiml=words)
    sandbox.wait_until_idle()
    assert compare()[0] == 1


def test_call_under_way_at_midnight_is_no_difference(caller: Person, sandbox: Sandbox) -> None:
    sandbox.phone(DESTINATION, talk_seconds=3_000)
    caller.call()
    wait_for(lambda: Call.objects.filter(state="answered").exists(), "the answer")
    sandbox.post("speed", speed=0.001)
    code, text = compare()
    assert (code, text.count("legs still under way")) == (0, 1)


def test_prices_in_another_currency_are_left_out_by_name(caller: Person, sandbox: Sandbox) -> None:
    sandbox.post("twilio", currency="EUR")
    caller.final(caller.call().json()["call_id"])
    sandbox.wait_until_idle()
    sandbox.post("advance", seconds=600)
    Call.objects.update(reconcile_after=timezone.now())
    call_command("reconcile_calls")
    assert Call.objects.get().leg_b_paid_micros is None
    code, text = compare()
    assert (code, "legs priced in EUR, left out" in text) == (0, True)
    with pytest.raises(CommandError, match="are in EUR, and a deck is in USD"):
        call_command("sync_rates", "--margin", "40", "--country", "GB")
