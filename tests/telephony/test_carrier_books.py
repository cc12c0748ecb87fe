"""Our calls beside Twilio's list of them."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from billing.models import AuditReport
from telephony.models import Call
from tests.telephony.conftest import DESTINATION, Person
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def compare() -> tuple[int, str]:
    """How `reconcile_twilio` ended for today, and what it printed."""
    printed = StringIO()
    try:
        call_command("reconcile_twilio", "--date", f"{timezone.now():%Y-%m-%d}", stdout=printed)
    except SystemExit as end:
        return int(str(end.code)), printed.getvalue()
    return 0, printed.getvalue()


@pytest.fixture
def talked(caller: Person, sandbox: Sandbox) -> Call:
    """A call of 65 seconds, with Twilio's price told."""
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
