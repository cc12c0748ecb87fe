"""What support does about calls and phones, through the admin."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import models
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account, AuditEvent, User
from telephony.models import Call, CallerId, OpenedDestination, Verification
from telephony.rules.limits import limits_of
from tests.accounts.browser import sign_in
from tests.people import person as new_person
from tests.people import staff
from tests.telephony.conftest import DESTINATION, OWN_PHONE, Person, make_call
from tests.telephony.sandbox import Sandbox, wait_for

pytestmark = [pytest.mark.db, pytest.mark.django_db]
MALDIVES, BERLIN = "+9606701234", "+493012345678"


def act(user: User, action: str, row: models.Model) -> str:
    """Fills the page of an action in; what came of it."""
    sent = {
        "action": action,
        "_selected_action": row.pk,
        "with_reason": "yes",
        "reason": "ticket 42",
    }
    answer = sign_in(user).post(f"/admin/telephony/{row._meta.model_name}/", sent, follow=True)
    return answer.content.decode()


def act_status(user: User, action: str, row: models.Model) -> int:
    """The same where it is refused."""
    sent = {
        "action": action,
        "_selected_action": row.pk,
        "with_reason": "yes",
        "reason": "ticket 42",
    }
    return sign_in(user).post(f"/admin/telephony/{row._meta.model_name}/", sent).status_code


def open_for(user: User, destination: str, account: str = "") -> int:
    sent = {"of": account, "destination": destination, "reason": "ticket 42"}
    return sign_in(user).post("/admin/telephony/openeddestination/add/", sent).status_code


def limit(user: User, account: str, **limits: int) -> int:
    sent = {"of": account, "reason": "ticket 42", **limits}
    return sign_in(user).post("/admin/telephony/accountlimits/add/", sent).status_code


def code_of(caller: Person, to: str) -> str:
    return str(caller.post("numbers/check", number=to).json()["reason"])


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


def test_operator_opens_a_closed_country_for_one_account(
    local_caller: Person, charlie: User, settings: Settings
) -> None:
    settings.CLOSED_COUNTRIES = ["DE"]
    account = local_caller.user.account
    assert code_of(local_caller, BERLIN) == "country_closed"
    assert open_for(staff("support"), "Germany", account.public_id) == 403
    operator = staff("operator")
    assert open_for(operator, "Germany", account.public_id) == 302
    assert code_of(local_caller, BERLIN) == "None"
    assert open_for(operator, "DE", account.public_id) == 200  # says that it is open already
    event = AuditEvent.objects.get(action="destination.opened", account=account)
    assert (event.user, event.facts["destination"]) == (operator, "DE")
    act(operator, "close", OpenedDestination.objects.get())
    assert code_of(local_caller, BERLIN) == "country_closed"


@pytest.mark.parametrize(("prefix", "reason"), [("+960 67", "None"), ("+9607", "price_too_high")])
def test_dear_prefix_is_opened_for_everybody(
    local_caller: Person, prefix: str, reason: str
) -> None:
    assert code_of(local_caller, MALDIVES) == "price_too_high"
    assert open_for(staff("operator"), prefix) == 302
    assert code_of(local_caller, MALDIVES) == reason


def test_opening_one_account_opens_no_other(
    local_caller: Person, charlie: User, settings: Settings
) -> None:
    settings.CLOSED_COUNTRIES = ["DE"]
    open_for(staff("operator"), "DE", charlie.account.public_id)
    assert code_of(local_caller, BERLIN) == "country_closed"


def test_kinds_that_pay_their_owner_stay_closed(local_caller: Person) -> None:
    assert open_for(staff("operator"), "+4490") == 302
    assert code_of(local_caller, "+449098790879") == "destination_blocked"


def test_operator_raises_and_takes_back_a_limit(
    local_caller: Person, settings: Settings, charlie: User
) -> None:
    settings.CALLS_PER_HOUR = settings.CALLS_AT_ONCE_NEW_ACCOUNT = 0
    account, operator = local_caller.user.account, staff("operator")
    assert limit(staff("support"), account.public_id, calls_per_hour=9) == 403
    assert limit(operator, "acct_nobody", calls_per_hour=9) == 200
    assert limit(operator, account.public_id, calls_per_hour=9, calls_at_once=7) == 302
    raised = limits_of(Account.objects.get(pk=account.pk))
    assert (raised.calls_per_hour, raised.calls_at_once) == (9, 7)  # new as the account is
    assert limits_of(charlie.account).calls_per_hour == 0
    assert limit(operator, account.public_id, calls_at_once=7) == 302
    assert limits_of(Account.objects.get(pk=account.pk)).calls_per_hour == 0
    events = AuditEvent.objects.filter(action="account.limits_set", account=account).order_by("id")
    assert [e.facts["calls_per_hour"] for e in events] == [9, None]
    assert events[0].facts["reason"] == "ticket 42"
    listed = sign_in(operator).get("/admin/telephony/accountlimits/").content.decode()
    assert "ticket 42" in listed


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"calls_at_once": 0}, "too_many_calls"),
        ({"calls_per_hour": 1}, "too_many_calls_an_hour"),
        ({"new_numbers_per_hour": 1}, "too_many_new_numbers"),
        ({"spend_max_cents_per_day": 4}, "spending_limit"),
    ],
)
def test_limit_of_an_account_is_what_its_calls_meet(
    local_caller: Person, limits: dict[str, int], code: str
) -> None:
    make_call(local_caller.user, seconds=65, to_e164="+442079460001")
    limit(staff("operator"), local_caller.user.account.public_id, **limits)
    assert local_caller.call().json()["error"]["code"] == code
