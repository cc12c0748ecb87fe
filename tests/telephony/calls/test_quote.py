"""A number that can mean several: each is offered with its price, and dialled as it was written."""

import pytest

from accounts.models import Account
from telephony.models import Call
from tests.telephony.conftest import DESTINATION, Person, make_call

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


@pytest.mark.parametrize(
    ("send_digits", "extension"),
    [("", None), ("ww12", "12"), ("wwwwwwww99#wwww1", "99#,1"), ("ww0", "0")],
)
def test_call_tells_its_extension(
    local_caller: Person, send_digits: str, extension: str | None
) -> None:
    call: Call = make_call(local_caller.user, send_digits=send_digits)
    assert local_caller.get(f"calls/{call.public_id}").json()["extension"] == extension
