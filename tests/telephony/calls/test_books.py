"""Our calls compared with Twilio's list of calls."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from billing.models import AuditReport
from mobayilo.lib.money import format_micros
from telephony.models import Call
from tests.telephony.callers import DESTINATION, Person
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def compare() -> tuple[int, str]:
    """Run `reconcile_twilio` for today. Return whether it agreed, and its output."""
    printed = StringIO()
    try:
        call_command("reconcile_twilio", "--date", f"{timezone.now():%Y-%m-%d}", stdout=printed)
    except SystemExit as end:
        return int(str(end.code)), printed.getvalue()
    return 0, printed.getvalue()


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
