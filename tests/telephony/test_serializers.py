"""Requests that cannot be read name the field that is wrong."""

from typing import Any

import pytest

from tests.telephony.callers import DESTINATION, Person

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.mark.parametrize(
    "body",
    [{"to": DESTINATION, "maxcost": 1}, {"max_cost": 1}, {"to": DESTINATION, "max_cost": "x"}],
)
def test_malformed_request_names_its_field(local_caller: Person, body: dict[str, Any]) -> None:
    answer = local_caller.post("calls", **body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert answer.json()["error"]["details"]["fields"]


@pytest.mark.parametrize(("cost", "told"), [("0", "more than $0.00"), ("10001", "at most $10,000")])
def test_cost_out_of_bounds_is_shown_in_dollars(local_caller: Person, cost: str, told: str) -> None:
    error = local_caller.post("calls", to=DESTINATION, max_cost=cost).json()["error"]
    assert told in error["details"]["fields"]["max_cost"][0]


def test_malformed_code_is_refused_with_what_a_code_is(local_caller: Person) -> None:
    answer = local_caller.post("caller-ids/confirm", code="12 34")
    fields = answer.json()["error"]["details"]["fields"]
    assert fields == {"code": ["A code is 4 to 10 digits."]}


@pytest.mark.parametrize("path", ["quote", "calls"])
def test_mode_that_is_none_is_refused_with_what_there_is(local_caller: Person, path: str) -> None:
    answer = local_caller.post(path, to=DESTINATION, mode="sip")
    fields = answer.json()["error"]["details"]["fields"]
    assert (answer.status_code, fields) == (400, {"mode": ["The modes are callback and computer."]})
