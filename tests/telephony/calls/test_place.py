"""A call is placed once, for its own account."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from accounts.models import User
from tests.telephony.callers import OWN_PHONE, People, Person
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db]


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
