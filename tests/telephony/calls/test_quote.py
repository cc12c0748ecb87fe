"""A number that can mean several: each is offered with its price, and dialled as it was written."""

from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.models import Account
from telephony.models import CallerId
from tests.telephony.callers import DESTINATION, GERMAN_PHONE, OWN_PHONE, Person
from tests.telephony.refusals import refusal

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
