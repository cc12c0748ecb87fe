"""Actions of support about calls and phones, through the admin."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import models
from django.utils import timezone

from accounts.models import AuditEvent, User
from telephony.models import Call, CallerId, OpenedDestination, Verification
from tests.accounts.browser import sign_in
from tests.people import person as new_person
from tests.people import staff
from tests.telephony.admin_actions import act, open_for
from tests.telephony.callers import DESTINATION, OWN_PHONE, Person, make_call
from tests.telephony.sandbox import Sandbox, wait_for

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def act_status(user: User, action: str, row: models.Model) -> int:
    """The same where it is refused."""
    sent = {
        "action": action,
        "_selected_action": row.pk,
        "with_reason": "yes",
        "reason": "ticket 42",
    }
    return sign_in(user).post(f"/admin/telephony/{row._meta.model_name}/", sent).status_code


def test_waiting_verification_is_expired(alice: User) -> None:
    waiting = Verification.objects.create(
        account=alice.account, user=alice, e164=OWN_PHONE, country="GB", channel="sms",
        state="pending", expires_at=timezone.now() + timedelta(minutes=5),
    )  # fmt: skip
    assert "1 expired" in act(staff("support"), "expire", waiting)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.closed_at is None) == ("expired", False)
    event = AuditEvent.objects.get(action="caller_id.verification_expired", account=alice.account)
    assert (event.via, event.facts["reason"]) == ("staff", "ticket 42")


@pytest.mark.django_db(transaction=True)
def test_expired_code_ends_at_twilio_too(
    person: Callable[..., Person], alice: User, sandbox: Sandbox
) -> None:
    customer = person(alice)
    customer.post("caller-ids", number=OWN_PHONE)
    first = Verification.objects.get()
    support = staff("support")
    sandbox.fault("503", "/Verifications/*", times=1)
    assert act_status(support, "expire", first) == 503
    first.refresh_from_db()
    assert first.state == "pending"
    assert "1 expired" in act(support, "expire", first)
    customer.post("caller-ids", number=OWN_PHONE)
    second = Verification.objects.latest("id")
    assert (second.state, second.twilio_sid != first.twilio_sid) == ("pending", True)


def test_phone_is_removed_for_a_customer(alice: User) -> None:
    phone = CallerId.objects.create(account=alice.account, e164=OWN_PHONE, country="GB")
    assert "1 removed" in act(staff("support"), "remove", phone)
    phone.refresh_from_db()
    assert phone.removed_reason == "by_support"
    assert AuditEvent.objects.get(action="support.caller_id_removed").facts["reason"] == "ticket 42"


def test_finance_looks_at_calls_and_changes_none(deck: Path, alice: User) -> None:
    call = make_call(alice, seconds=30)
    act(staff("finance"), "ask_twilio", call)
    assert open_for(new_person("nobody@example.com", is_staff=True), "DE") == 403
    assert not AuditEvent.objects.filter(action="call.reconciled").exists()
    assert not OpenedDestination.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_stuck_call_is_settled_by_asking_twilio(caller: Person, sandbox: Sandbox) -> None:
    sandbox.post("webhooks/rules", pattern="*call.*", action="drop")
    sandbox.post("webhooks/rules", pattern="*dial_action", action="drop")
    placed = caller.call().json()["call_id"]
    wait_for(lambda: sandbox.get("calls", number=DESTINATION)["calls"], "the destination to ring")
    sandbox.wait_until_idle()
    call = Call.objects.get(public_id=placed, settled_at=None)
    assert f"{placed}: settled" in act(staff("support"), "ask_twilio", call)
    assert caller.balance.held_micros == 0
    event = AuditEvent.objects.get(action="call.reconciled", account=call.account)
    assert (event.facts["call"], event.facts["outcome"]) == (placed, "settled")
