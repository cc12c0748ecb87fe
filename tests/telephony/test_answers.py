"""A call as its API shows it."""

import pytest

from telephony.models import Call
from tests.telephony.callers import Person, make_call

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def test_call_is_sent_again_only_when_it_changed(local_caller: Person) -> None:
    call = make_call(local_caller.user, seconds=65)
    same = local_caller.get(f"calls/{call.public_id}", after=call.version)
    assert (same.status_code, same.content) == (304, b"")
    newer = local_caller.get(f"calls/{call.public_id}", after=call.version - 1).json()
    assert newer["version"] == call.version
    assert newer["receipt"]["total"] == newer["cost"] == "0.036"
    odd = local_caller.get(f"calls/{call.public_id}", after="soon")
    assert odd.status_code == 400


@pytest.mark.parametrize(
    ("send_digits", "extension"),
    [("", None), ("ww12", "12"), ("wwwwwwww99#wwww1", "99#,1"), ("ww0", "0")],
)
def test_call_shows_its_extension(
    local_caller: Person, send_digits: str, extension: str | None
) -> None:
    call: Call = make_call(local_caller.user, send_digits=send_digits)
    assert local_caller.get(f"calls/{call.public_id}").json()["extension"] == extension
