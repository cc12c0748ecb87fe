"""Who may be called, how much at once, and what a token may do."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account, User
from billing.models import Hold
from telephony.models import Call, CallerId, RefusedCall
from telephony.phones.verifications import confirm_verification, request_verification
from tests.telephony.conftest import DESTINATION, OWN_PHONE, Answer, Person, make_call
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db]
People = Callable[..., Person]


def refusal(somebody: Person, to: str = DESTINATION, **more: object) -> tuple[int, str]:
    answer = somebody.call(to, **more)
    return answer.status_code, str(answer.json()["error"]["code"])


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


def test_account_without_money_cannot_call(local_person: People, alice: User) -> None:
    somebody = local_person(alice, phone=OWN_PHONE)
    answer = somebody.call()
    assert answer.status_code == 402
    assert answer.json()["error"]["code"] == "insufficient_funds"
    assert answer.json()["error"]["details"] == {"needed": "0.069", "available": "0.00"}


def test_limit_is_what_the_money_covers(person: People, alice: User) -> None:
    somebody = person(alice, phone=OWN_PHONE, dollars=0.25)
    quoted = somebody.post("quote", to=DESTINATION).json()
    # Leg A at $0.03 (30/6) for 50 s and the talk, leg B at $0.012 (60/60): 5 minutes fit.
    assert (quoted["max_seconds"], quoted["hold"]) == (300, "0.237")
    placed = somebody.call()
    assert placed.json()["max_seconds"] == 300
    assert somebody.balance.held_micros == 237_000


def test_quote_without_money_still_tells_the_price(local_person: People, alice: User) -> None:
    quoted = local_person(alice, phone=OWN_PHONE).post("quote", to=DESTINATION).json()
    assert (quoted["price_per_minute"], quoted["max_seconds"]) == ("0.042", 0)
    assert [leg["leg"] for leg in quoted["legs"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("order", "seconds"),
    [({"max_seconds": 90}, 90), ({"max_cost": "0.10"}, 60), ({"max_cost": 0.2}, 240)],
)
def test_customer_limits_time_and_cost(caller: Person, order: dict[str, Any], seconds: int) -> None:
    assert caller.call(**order).json()["max_seconds"] == seconds


def test_cost_limit_below_the_first_increment_is_refused(local_caller: Person) -> None:
    assert refusal(local_caller, max_cost="0.01") == (400, "limit_too_low")


def test_price_that_changed_since_it_was_seen_is_refused(caller: Person) -> None:
    assert refusal(caller, expected_price_per_minute="0.041") == (409, "price_changed")
    assert caller.call(expected_price_per_minute="0.042").status_code == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"0.012,60,60": "0.012,30,6"},
        {"0.012,60,60": "0.022,60,60", "0.03,30,6": "0.02,30,6"},
    ],
    ids=["increments", "one leg for the other"],
)
def test_terms_that_changed_since_they_were_seen_are_refused(
    caller: Person, deck: Path, changes: dict[str, str]
) -> None:
    seen = caller.post("quote", to=DESTINATION).json()
    assert seen["terms"] == "0.03 30/6 + 0.012 60/60"
    for old, new in changes.items():
        deck.write_text(deck.read_text().replace(old, new))
    call_command("import_rates", str(deck))
    now = caller.post("quote", to=DESTINATION).json()
    assert now["price_per_minute"] == seen["price_per_minute"]
    assert refusal(caller, expected_terms=seen["terms"]) == (409, "price_changed")
    assert caller.call(expected_terms=now["terms"]).status_code == 201


@pytest.mark.parametrize(
    "body",
    [{"to": DESTINATION, "maxcost": 1}, {"max_cost": 1}, {"to": DESTINATION, "max_cost": "x"}],
)
def test_malformed_request_names_its_field(local_caller: Person, body: dict[str, Any]) -> None:
    answer = local_caller.post("calls", **body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert answer.json()["error"]["details"]["fields"]


@pytest.mark.parametrize(("cost", "told"), [("0", "more than $0.00"), ("10001", "at most $10,000")])
def test_cost_out_of_bounds_is_told_in_dollars(local_caller: Person, cost: str, told: str) -> None:
    error = local_caller.post("calls", to=DESTINATION, max_cost=cost).json()["error"]
    assert told in error["details"]["fields"]["max_cost"][0]


def test_malformed_code_is_told_what_a_code_is(local_caller: Person) -> None:
    answer = local_caller.post("caller-ids/confirm", code="12 34")
    fields = answer.json()["error"]["details"]["fields"]
    assert fields == {"code": ["A code is 4 to 10 digits."]}


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


ELSEWHERE = "+4915112345678"


@pytest.mark.parametrize(
    ("guard", "code"),
    [
        ({"destinations": ("GB",)}, "guard_destination"),
        ({"destinations": ("+4420", "+49151")}, None),
        ({"destinations": ("GB",), "caller_ids": (ELSEWHERE,)}, None),
        ({"caller_ids": (ELSEWHERE,)}, None),
        ({"caller_ids": (OWN_PHONE,)}, "guard_caller_id"),
        ({"destinations": ("GB", "DE"), "caller_ids": (OWN_PHONE,)}, "guard_caller_id"),
        ({"max_cents_per_day": 500}, None),
    ],
)
def test_guards_hold_for_the_phone_that_rings_first_and_for_its_proof(
    person: People, alice: User, guard: dict[str, object], code: str | None
) -> None:
    guarded = person(alice, phone=ELSEWHERE, dollars=20, **guard)
    called, asked = guarded.call(), guarded.post("caller-ids", number=ELSEWHERE)
    assert [answer.status_code for answer in (called, asked)] == [403, 403] if code else [201, 201]
    if code:
        assert {answer.json()["error"]["code"] for answer in (called, asked)} == {code}
        assert "your phone" in called.json()["error"]["message"]


def test_guarded_token_makes_no_dear_phone_ring(
    person: People, alice: User, sandbox: Sandbox
) -> None:
    """A phone that a person proves on the site is not the token's to confirm, choose or ring."""
    guarded = person(alice, phone=OWN_PHONE, dollars=20, destinations=("GB",))
    request_verification(user=alice, number=ELSEWHERE)
    code = sandbox.code_for(ELSEWHERE)
    confirmed = guarded.post("caller-ids/confirm", code=code)
    assert (confirmed.status_code, confirmed.json()["error"]["code"]) == (403, "guard_destination")
    phone = confirm_verification(user=alice, code=code)
    chosen = guarded.post(f"caller-ids/{phone.public_id}/default")
    assert (chosen.status_code, chosen.json()["error"]["code"]) == (403, "guard_destination")
    assert guarded.call(caller_id=phone.public_id).status_code == 403
    assert guarded.call().status_code == 201


def test_quote_names_the_phone_so_that_a_new_default_changes_nothing(caller: Person) -> None:
    quoted = caller.post("quote", to=DESTINATION, mode="callback").json()
    other = CallerId.objects.create(account=caller.user.account, e164=ELSEWHERE, country="DE")
    assert caller.post(f"caller-ids/{other.public_id}/default").status_code == 200
    placed = caller.call(mode="callback", caller_id=quoted["caller_id"]).json()
    assert placed["from"] == quoted["from"] == OWN_PHONE
    assert (placed["shown_number"], quoted["shown_number"]) == (OWN_PHONE, OWN_PHONE)
    assert (placed["mode"], quoted["mode"]) == ("callback", "callback")


@pytest.mark.parametrize("path", ["quote", "calls"])
def test_mode_other_than_callback_is_refused_with_what_there_is(
    local_caller: Person, path: str
) -> None:
    answer = local_caller.post(path, to=DESTINATION, mode="computer")
    fields = answer.json()["error"]["details"]["fields"]
    assert (answer.status_code, fields) == (400, {"mode": ["The only mode is callback."]})


def test_guards_shorten_the_call_to_what_they_allow(person: People, alice: User) -> None:
    guarded = person(alice, phone=OWN_PHONE, dollars=20, max_cents_per_call=25)
    assert guarded.call().json()["max_seconds"] == 300
    assert Call.objects.get().hold_micros <= 250_000


def test_guard_per_day_counts_what_was_spent_today(person: People, alice: User) -> None:
    guarded = person(alice, phone=OWN_PHONE, dollars=20, max_cents_per_day=10)
    make_call(alice, seconds=65, token=guarded.token)  # cost 3.6 cents
    assert refusal(guarded) == (403, "guard_spend_day")
    Call.objects.update(created_at=timezone.now() - timedelta(days=1))
    assert guarded.call().status_code == 201


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


def test_ten_calls_at_once_on_a_balance_for_one(
    person: People, alice: User, sandbox: Sandbox
) -> None:
    sandbox.post("speed", speed=1)
    somebody = person(alice, phone=OWN_PHONE, dollars=0.08)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: somebody.call(), range(10)))
    codes = sorted(a.status_code for a in answers)
    assert codes == [201, *[402] * 9]
    assert {a.json()["error"]["code"] for a in answers if a.status_code == 402} == {
        "insufficient_funds"
    }
    assert somebody.balance.available_micros >= 0
    assert Hold.objects.count() == Call.objects.count() == 1


@pytest.mark.parametrize(
    ("limits", "guards", "allowed", "code"),
    [
        ({}, {"max_cents_per_day": 15}, 2, "guard_spend_day"),
        ({"SPEND_MAX_CENTS_PER_DAY": 15}, {}, 2, "spending_limit"),
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
        # Of a minute: 6.9 cents are held for it.
        return somebody.call(f"+44207946001{last}", max_seconds=60)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(call, range(10)))
    refused = [a.json()["error"]["code"] for a in answers if a.status_code != 201]
    assert len(refused) == 10 - allowed
    assert set(refused) == {code}
    assert Call.objects.count() == Hold.objects.count() == allowed


def test_same_key_ten_times_at_once_is_one_call(caller: Person, sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: caller.call(key="once"), range(10)))
    assert {a.status_code for a in answers} <= {201, 409}
    assert len({a.json()["call_id"] for a in answers if a.status_code == 201}) == 1
    assert len(sandbox.get("calls", number=OWN_PHONE)["calls"]) == 1


def test_strangers_see_nothing_of_a_call(caller: Person, person: People, charlie: User) -> None:
    call_id = caller.call().json()["call_id"]
    stranger = person(charlie)
    assert stranger.get(f"calls/{call_id}").status_code == 404
    assert stranger.post(f"calls/{call_id}/hangup").status_code == 404
    assert stranger.get("calls").json()["items"] == []
