"""Destinations, accounts and guards: calls that are refused, and the reason."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account, User
from billing.models import Hold
from telephony.models import Call, CallerId, RefusedCall
from telephony.phones.verifications import confirm_verification, request_verification
from tests.plans import planned
from tests.telephony.callers import DESTINATION, GERMAN_PHONE, OWN_PHONE, People, Person, make_call
from tests.telephony.refusals import refusal
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        ("+449098790879", 403, "destination_blocked"),  # premium
        ("+448431234567", 403, "destination_blocked"),  # shared cost
        ("+447012345678", 403, "destination_blocked"),  # personal
        ("+447640123456", 403, "destination_blocked"),  # pager
        ("+870773111632", 403, "destination_blocked"),  # satellite
        ("+881612345678", 403, "destination_blocked"),  # satellite
        ("+882161234567", 403, "destination_blocked"),  # international network
        ("+9606701234", 403, "price_too_high"),
        ("+355672123456", 403, "no_rate"),
        ("999", 403, "emergency_number"),
        ("12", 400, "invalid_number"),
    ],
)
def test_destinations_that_are_refused(
    local_caller: Person, number: str, status: int, code: str
) -> None:
    Account.objects.update(default_country="GB")
    assert refusal(local_caller, number) == (status, code)
    kept = RefusedCall.objects.get()
    assert (kept.code, kept.to_text, kept.user) == (code, number, local_caller.user)
    assert not Call.objects.exists()
    assert not Hold.objects.exists()


def test_refused_quote_is_kept_for_support(local_caller: Person) -> None:
    answer = local_caller.post("quote", to="+9606701234")
    kept = RefusedCall.objects.get()
    assert answer.status_code == 403
    assert (kept.code, kept.to_text) == ("price_too_high", "+9606701234")
    assert kept.request_id == answer.headers["X-Request-Id"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans anew each time")
def test_activity_is_planned_once_for_all_quotes(local_caller: Person) -> None:
    for _ in range(3):
        assert local_caller.post("quote", to=DESTINATION).status_code == 200
    statements, uses = planned("calls_this_hour")
    assert statements == 1
    assert uses >= 3


def test_old_account_may_call_dear_numbers(caller: Person) -> None:
    Account.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert caller.call("+9606701234").status_code == 201


def test_closed_country_is_refused(caller: Person, settings: Settings) -> None:
    settings.CLOSED_COUNTRIES = ["DE"]
    assert refusal(caller, "+493012345678") == (403, "country_closed")
    assert caller.call().status_code == 201


OUR_NUMBER = "+12025550100"


def test_own_number_cannot_be_called(caller: Person) -> None:
    for path in ("quote", "calls"):
        answer = caller.post(path, to="07400 123456", country="GB")
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (403, "own_number")
        assert "rings first" in error["message"]
    assert RefusedCall.objects.filter(code="own_number").count() == 2
    assert not Call.objects.exists()


def test_another_phone_of_the_account_can_be_called(caller: Person) -> None:
    other = CallerId.objects.create(account=caller.user.account, e164=DESTINATION, country="GB")
    assert caller.call(DESTINATION, max_seconds=60).status_code == 201
    back = caller.call(OWN_PHONE, caller_id=other.public_id, max_seconds=60)
    assert back.status_code == 201
    assert refusal(caller, DESTINATION, caller_id=other.public_id) == (403, "own_number")


def test_number_of_ours_can_be_neither_called_nor_proved(
    local_caller: Person, settings: Settings
) -> None:
    settings.TWILIO_FROM_NUMBER = OUR_NUMBER
    assert refusal(local_caller, OUR_NUMBER) == (403, "destination_blocked")
    asked = local_caller.post("caller-ids", number=OUR_NUMBER).json()["error"]
    assert (asked["code"], "of ours" in asked["message"]) == ("destination_blocked", True)
    CallerId.objects.update(e164=OUR_NUMBER)
    assert refusal(local_caller) == (403, "destination_blocked")


def test_number_check_says_what_a_call_would(local_caller: Person) -> None:
    fine = local_caller.post("numbers/check", number="020 7946 0018", country="GB").json()
    assert (fine["e164"], fine["callable"], fine["reason"]) == (DESTINATION, True, None)
    assert (fine["redial"], fine["price_per_minute"]) == ("+442079460018", "0.012")
    dear = local_caller.post("numbers/check", number="+9606701234").json()
    assert (dear["country_name"], dear["callable"], dear["reason"]) == (
        "Maldives", False, "price_too_high",
    )  # fmt: skip


def test_frozen_account_cannot_call(local_caller: Person) -> None:
    Account.objects.update(frozen_at=timezone.now())
    assert refusal(local_caller) == (403, "account_frozen")


def test_account_without_a_proved_phone_cannot_call(local_person: People, alice: User) -> None:
    assert refusal(local_person(alice, dollars=20)) == (403, "caller_id_required")


@pytest.mark.parametrize(
    ("guard", "code"),
    [
        ({"destinations": ("US", "+4420794600190")}, "guard_destination"),
        ({"caller_ids": ("+447400999999",)}, "guard_caller_id"),
        ({"max_cents_per_call": 6}, "guard_spend_call"),
        ({"max_cents_per_day": 6}, "guard_spend_day"),
    ],
)
def test_guards_of_a_token_are_held(
    local_person: People, alice: User, guard: dict[str, object], code: str
) -> None:
    guarded = local_person(alice, phone=OWN_PHONE, dollars=20, **guard)
    assert refusal(guarded) == (403, code)


@pytest.mark.parametrize(
    ("guard", "code"),
    [
        ({"destinations": ("GB",)}, "guard_destination"),
        ({"destinations": ("+4420", "+49151")}, None),
        ({"destinations": ("GB",), "caller_ids": (GERMAN_PHONE,)}, None),
        ({"caller_ids": (GERMAN_PHONE,)}, None),
        ({"caller_ids": (OWN_PHONE,)}, "guard_caller_id"),
        ({"destinations": ("GB", "DE"), "caller_ids": (OWN_PHONE,)}, "guard_caller_id"),
        ({"max_cents_per_day": 500}, None),
    ],
)
def test_guards_hold_for_the_phone_that_rings_first_and_for_its_proof(
    person: People, alice: User, guard: dict[str, object], code: str | None
) -> None:
    guarded = person(alice, phone=GERMAN_PHONE, dollars=20, **guard)
    called, asked = guarded.call(), guarded.post("caller-ids", number=GERMAN_PHONE)
    assert [answer.status_code for answer in (called, asked)] == [403, 403] if code else [201, 201]
    if code:
        assert {answer.json()["error"]["code"] for answer in (called, asked)} == {code}
        assert "your phone" in called.json()["error"]["message"]


def test_guarded_token_makes_no_dear_phone_ring(
    person: People, alice: User, sandbox: Sandbox
) -> None:
    """A phone that a person proves on the site is not the token's to confirm, choose or ring."""
    guarded = person(alice, phone=OWN_PHONE, dollars=20, destinations=("GB",))
    request_verification(user=alice, number=GERMAN_PHONE)
    code = sandbox.code_for(GERMAN_PHONE)
    confirmed = guarded.post("caller-ids/confirm", code=code)
    assert (confirmed.status_code, confirmed.json()["error"]["code"]) == (403, "guard_destination")
    phone = confirm_verification(user=alice, code=code)
    chosen = guarded.post(f"caller-ids/{phone.public_id}/default")
    assert (chosen.status_code, chosen.json()["error"]["code"]) == (403, "guard_destination")
    assert guarded.call(caller_id=phone.public_id).status_code == 403
    assert guarded.call().status_code == 201


def test_guard_per_day_counts_what_was_spent_today(person: People, alice: User) -> None:
    guarded = person(alice, phone=OWN_PHONE, dollars=20, max_cents_per_day=12)
    make_call(alice, seconds=65, token=guarded.token)  # cost 3.6 cents
    assert refusal(guarded) == (403, "guard_spend_day")
    Call.objects.update(created_at=timezone.now() - timedelta(days=1))
    assert guarded.call().status_code == 201


@pytest.mark.parametrize(
    ("limits", "guards", "code"),
    [
        ({}, {"max_cents_per_day": 15}, "guard_spend_day"),
        ({"SPEND_MAX_CENTS_PER_DAY": 15}, {}, "spending_limit"),
    ],
)
def test_call_that_is_open_at_midnight_counts_in_both_days(
    person: People, alice: User, settings: Settings, limits: dict[str, int],
    guards: dict[str, int], code: str,
) -> None:  # fmt: skip
    """Otherwise a limit of a dollar allows a dollar before midnight and another one after."""
    for name, value in limits.items():
        setattr(settings, name, value)
    spender = person(alice, phone=OWN_PHONE, dollars=20, **guards)
    yesterday = timezone.now() - timedelta(days=1)
    make_call(
        alice, state="answered", settled_at=None, created_at=yesterday,
        token=spender.token,
    )  # fmt: skip
    assert refusal(spender) == (403, code)
