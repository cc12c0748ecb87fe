"""Quotes: the price of each reading, and the longest call that the balance allows."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import Account, User
from billing.models import Hold
from telephony.models import Call, CallerId
from tests.telephony.callers import DESTINATION, GERMAN_PHONE, OWN_PHONE, People, Person
from tests.telephony.refusals import refusal
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.mark.parametrize(("path", "field"), [("quote", "to"), ("numbers/check", "number")])
def test_candidates_carry_price_and_extension(local_caller: Person, path: str, field: str) -> None:
    Account.objects.update(default_country="NG")
    refusal = local_caller.post(path, **{field: "00919012345678 x12"}).json()["error"]
    assert refusal["code"] == "ambiguous_number"
    india, states = refusal["details"]["candidates"]
    assert (india["country"], india["price_per_minute"]) == ("IN", None)
    assert (states["country"], states["price_per_minute"]) == ("US", "0.01")
    assert (states["extension"], states["redial"]) == ("12", "+19012345678 x12")


def test_chosen_candidate_keeps_its_extension(local_caller: Person) -> None:
    quoted = local_caller.post("quote", to="+19012345678 x12").json()
    assert (quoted["to"], quoted["extension"]) == ("+19012345678", "12")
    assert local_caller.post("quote", to=DESTINATION).json()["extension"] is None


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


def test_quote_names_the_phone_so_that_a_new_default_changes_nothing(caller: Person) -> None:
    quoted = caller.post("quote", to=DESTINATION, mode="callback").json()
    other = CallerId.objects.create(account=caller.user.account, e164=GERMAN_PHONE, country="DE")
    assert caller.post(f"caller-ids/{other.public_id}/default").status_code == 200
    placed = caller.call(mode="callback", caller_id=quoted["caller_id"]).json()
    assert placed["from"] == quoted["from"] == OWN_PHONE
    assert (placed["shown_number"], quoted["shown_number"]) == (OWN_PHONE, OWN_PHONE)
    assert (placed["mode"], quoted["mode"]) == ("callback", "callback")


def test_account_without_money_cannot_call(local_person: People, alice: User) -> None:
    somebody = local_person(alice, phone=OWN_PHONE)
    answer = somebody.call()
    assert answer.status_code == 402
    assert answer.json()["error"]["code"] == "insufficient_funds"
    assert answer.json()["error"]["details"] == {"needed": "0.114", "available": "0.00"}


def test_limit_is_what_the_money_covers(person: People, alice: User) -> None:
    somebody = person(alice, phone=OWN_PHONE, dollars=0.25)
    quoted = somebody.post("quote", to=DESTINATION).json()
    # Leg A at $0.03 (30/6) for 95 s and the talk, leg B at $0.012 (60/60): 4 minutes fit.
    assert (quoted["max_seconds"], quoted["hold"]) == (240, "0.24")
    placed = somebody.call()
    assert placed.json()["max_seconds"] == 240
    assert somebody.balance.held_micros == 240_000


def test_quote_without_money_still_shows_the_price(local_person: People, alice: User) -> None:
    quoted = local_person(alice, phone=OWN_PHONE).post("quote", to=DESTINATION).json()
    assert (quoted["price_per_minute"], quoted["max_seconds"]) == ("0.042", 0)
    assert [leg["leg"] for leg in quoted["legs"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [({"max_seconds": 90}, 90), ({"max_cost": "0.12"}, 60), ({"max_cost": 0.2}, 180)],
)
def test_customer_limits_time_and_cost(caller: Person, wish: dict[str, Any], seconds: int) -> None:
    assert caller.call(**wish).json()["max_seconds"] == seconds


def test_cost_limit_below_the_first_increment_is_refused(local_caller: Person) -> None:
    assert refusal(local_caller, max_cost="0.01") == (400, "limit_too_low")


def test_guards_shorten_the_call_to_what_they_allow(person: People, alice: User) -> None:
    guarded = person(alice, phone=OWN_PHONE, dollars=20, max_cents_per_call=25)
    assert guarded.call().json()["max_seconds"] == 240
    assert Call.objects.get().hold_micros <= 250_000


def test_ten_calls_at_once_on_a_balance_for_one(
    person: People, alice: User, sandbox: Sandbox
) -> None:
    sandbox.post("speed", speed=1)
    somebody = person(alice, phone=OWN_PHONE, dollars=0.12)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: somebody.call(), range(10)))
    codes = sorted(a.status_code for a in answers)
    assert codes == [201, *[402] * 9]
    assert {a.json()["error"]["code"] for a in answers if a.status_code == 402} == {
        "insufficient_funds"
    }
    assert somebody.balance.available_micros >= 0
    assert Hold.objects.count() == Call.objects.count() == 1


def test_order_without_limits_holds_an_hour(caller: Person) -> None:
    quoted = caller.post("quote", to=DESTINATION).json()
    # Leg A at $0.03 (30/6) for the words and both rings beyond the hour, leg B at $0.012 (60/60).
    assert (quoted["max_seconds"], quoted["hold"]) == (3600, "2.592")
    assert quoted["limited_by"] == "usual_time"
    assert caller.call().json()["max_seconds"] == 3600
    assert caller.call().status_code == 201


@pytest.mark.parametrize(
    ("wish", "seconds", "limited_by"),
    [
        ({"max_seconds": 7200}, 7200, "max_seconds"),
        ({"max_seconds": 86_400}, 14_340, "longest_time"),
        ({"max_cost": "19"}, 14_340, "longest_time"),
        ({"max_cost": "0.12"}, 60, "limit_too_low"),
    ],
)
def test_order_names_a_longer_time_or_its_cost(
    local_caller: Person, wish: dict[str, Any], seconds: int, limited_by: str
) -> None:
    quoted = local_caller.post("quote", to=DESTINATION, **wish).json()
    assert (quoted["max_seconds"], quoted["limited_by"]) == (seconds, limited_by)


@pytest.mark.parametrize(
    ("guards", "code", "said"),
    [
        ({"max_cents_per_call": 6}, "guard_spend_call", "$0.06 a call."),
        (
            {"max_cents_per_day": 6},
            "guard_spend_day",
            "$0.06 a day (UTC), and $0.06 of that is left.",
        ),
    ],
)
def test_quote_says_which_limit_refuses_the_call(
    local_person: People, alice: User, guards: dict[str, int], code: str, said: str
) -> None:
    guarded = local_person(alice, phone=OWN_PHONE, dollars=20, **guards)
    refused = guarded.post("quote", to=DESTINATION).json()["refusal"]
    needs = "The shortest call to +44 20 7946 0018 needs $0.12."
    assert refused["message"] == f"This token may spend {said} {needs}"
    assert (refused["code"], refused["status"]) == (code, 403)


def test_money_that_is_held_is_named_with_its_call(person: People, alice: User) -> None:
    somebody = person(alice, phone=OWN_PHONE, dollars=0.25)
    call_id = somebody.call().json()["call_id"]
    quoted = somebody.post("quote", to=DESTINATION).json()
    assert (quoted["held"], quoted["available"]) == ("0.24", "0.01")
    assert quoted["held_by"] == [{"call_id": call_id, "to": "+44 … 0018", "hold": "0.24"}]
    refused = somebody.call().json()["error"]
    assert refused["code"] == quoted["refusal"]["code"] == "insufficient_funds"
    assert (
        refused["message"]
        == quoted["refusal"]["message"]
        == (
            f"$0.01 is available. $0.24 is held by the call {call_id} to +44 … 0018. "
            "The shortest call to +44 20 7946 0018 needs $0.12."
        )
    )
    assert refused["details"]["held_by"] == [call_id]
