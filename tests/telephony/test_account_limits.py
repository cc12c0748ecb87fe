"""Limits of calls at once, an hour and a day."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account, AuditEvent, User
from billing.models import Hold
from telephony.models import Call
from telephony.rules import limits_of
from tests.accounts.browser import sign_in
from tests.people import staff
from tests.telephony.callers import OWN_PHONE, Answer, People, Person, make_call
from tests.telephony.refusals import refusal
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def test_calls_at_once_are_limited(caller: Person, sandbox: Sandbox) -> None:
    sandbox.post("speed", speed=1)
    placed = [caller.call(max_seconds=60).status_code for _ in range(3)]
    assert placed == [201, 201, 201]
    assert refusal(caller, max_seconds=60) == (403, "too_many_calls")


def test_older_accounts_have_more_calls_at_once(local_caller: Person, settings: Settings) -> None:
    settings.CALLS_AT_ONCE, settings.CALLS_AT_ONCE_NEW_ACCOUNT = 2, 1
    Account.objects.update(created_at=timezone.now() - timedelta(days=8))
    make_call(local_caller.user, state="dialing", settled_at=None)
    make_call(local_caller.user, state="dialing", settled_at=None)
    refused = local_caller.call().json()["error"]
    assert (refused["code"], refused["details"]) == ("too_many_calls", {"limit": 2})


def test_calls_an_hour_are_limited(local_caller: Person, settings: Settings) -> None:
    settings.CALLS_PER_HOUR = 2
    for _ in range(2):
        make_call(local_caller.user)
    assert refusal(local_caller) == (403, "too_many_calls_an_hour")


def test_new_numbers_an_hour_are_limited(caller: Person, settings: Settings) -> None:
    settings.NEW_NUMBERS_PER_HOUR = 2
    for last in (1, 2):
        make_call(caller.user, to_e164=f"+44207946000{last}")
    assert refusal(caller, "+442079460003") == (403, "too_many_new_numbers")
    assert caller.call("+442079460001").status_code == 201


def test_spending_a_day_is_limited(local_caller: Person, settings: Settings) -> None:
    settings.SPEND_MAX_CENTS_PER_DAY = 10
    make_call(local_caller.user, seconds=65)
    assert refusal(local_caller) == (403, "spending_limit")


@pytest.mark.parametrize(
    ("limits", "guards", "allowed", "code"),
    [
        ({}, {"max_cents_per_day": 25}, 2, "guard_spend_day"),
        ({"SPEND_MAX_CENTS_PER_DAY": 25}, {}, 2, "spending_limit"),
        ({"CALLS_AT_ONCE_NEW_ACCOUNT": 2}, {}, 2, "too_many_calls"),
        ({"CALLS_PER_HOUR": 2}, {}, 2, "too_many_calls_an_hour"),
        ({"NEW_NUMBERS_PER_HOUR": 2}, {}, 2, "too_many_new_numbers"),
    ],
)
def test_ten_calls_at_once_stay_within_each_limit(
    person: People,
    alice: User,
    sandbox: Sandbox,
    settings: Settings,
    limits: dict[str, int],
    guards: dict[str, int],
    allowed: int,
    code: str,
) -> None:
    sandbox.post("speed", speed=1)
    settings.CALLS_AT_ONCE_NEW_ACCOUNT = 10
    for name, limit in limits.items():
        setattr(settings, name, limit)
    somebody = person(alice, phone=OWN_PHONE, dollars=20, **guards)

    def call(last: int) -> Answer:
        # Of a minute, with the words and two rings of the other side: 11.4 cents are held.
        return somebody.call(f"+44207946001{last}", max_seconds=60)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(call, range(10)))
    refused = [a.json()["error"]["code"] for a in answers if a.status_code != 201]
    assert len(refused) == 10 - allowed
    assert set(refused) == {code}
    assert Call.objects.count() == Hold.objects.count() == allowed


def limit(user: User, account: str, **limits: int | str) -> int:
    sent = {"account_id": account, "reason": "ticket 42", **limits}
    return sign_in(user).post("/admin/telephony/accountlimits/add/", sent).status_code


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
        ({"spend_max_cents_per_day": "0.04"}, "spending_limit"),  # dollars, as all of the admin
    ],
)
def test_limit_of_an_account_is_what_its_calls_meet(
    local_caller: Person, limits: dict[str, int | str], code: str
) -> None:
    make_call(local_caller.user, seconds=65, to_e164="+442079460001")
    limit(staff("operator"), local_caller.user.account.public_id, **limits)
    assert local_caller.call().json()["error"]["code"] == code


def test_form_of_limits_shows_whose_they_are_and_those_in_force(alice: User) -> None:
    """In dollars, and refused where the amount may mean two things."""
    form, boss = f"?account_id={alice.account.public_id}", sign_in(staff("operator"))
    shown = boss.get(f"/admin/telephony/accountlimits/add/{form}").content.decode()
    for fact in (alice.email, "$200.00 a day", "US dollars, such as 250"):
        assert fact in shown
    assert limit(staff("support"), alice.account.public_id) == 403
    sent = {"account_id": alice.account.public_id, "reason": "ticket 42"}
    for amount, problem in (
        ("1,000", "Write dollars and cents, such as 20.00: a comma may mean two things."),
        ("999999999", "less than or equal to"),
    ):
        refused = boss.post(
            "/admin/telephony/accountlimits/add/", {**sent, "spend_max_cents_per_day": amount}
        )
        assert problem in refused.content.decode()
