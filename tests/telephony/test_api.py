"""The list of calls: its filters, its cursor, and following one call."""

from datetime import timedelta

import pytest
from django.utils import timezone

from telephony.models import Call
from tests.telephony.callers import Person, make_call

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def ids(somebody: Person, **filters: object) -> list[str]:
    return [call["call_id"] for call in somebody.get("calls", **filters).json()["items"]]


def test_list_is_newest_first_and_paged_by_cursor(local_caller: Person) -> None:
    made = [make_call(local_caller.user).public_id for _ in range(5)]
    first = local_caller.get("calls", limit=3).json()
    second = local_caller.get("calls", limit=3, cursor=first["next_cursor"]).json()
    listed = [call["call_id"] for call in first["items"] + second["items"]]
    assert listed == made[::-1]
    assert second["next_cursor"] is None


@pytest.mark.usefixtures("still_clock")
def test_filters_narrow_the_list(local_caller: Person) -> None:
    talked = make_call(local_caller.user, seconds=65)
    busy = make_call(local_caller.user, state="busy", to_country="DE", to_e164="+493012345678")
    running = make_call(local_caller.user, state="ringing", settled_at=None)
    Call.objects.filter(pk=talked.pk).update(created_at=timezone.now() - timedelta(days=3))
    today, yesterday = timezone.now().date(), timezone.now().date() - timedelta(days=1)
    assert ids(local_caller, state="busy") == [busy.public_id]
    assert ids(local_caller, state="active") == [running.public_id]
    for name in ("de", "DEU", "Deutschland", "Allemagne", "ドイツ", "+49"):
        assert ids(local_caller, country=name) == [busy.public_id]
    assert ids(local_caller, country="UK") == [running.public_id, talked.public_id]
    assert ids(local_caller, number="030 1234") == [busy.public_id]
    assert ids(local_caller, since=today) == [running.public_id, busy.public_id]
    assert ids(local_caller, until=yesterday) == [talked.public_id]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("state", "lost", "Write one of: active, queued, "),
        ("country", "Narnia", "“Narnia” is not a country we call."),
        ("country", "Nigerya", "“Nigerya” is not a country we call. Did you mean Nigeria"),
        ("since", "yesterday", "Enter a valid date."),
    ],
)
def test_filter_that_cannot_be_used_is_refused(
    local_caller: Person, name: str, value: str, told: str
) -> None:
    answer = local_caller.get("calls", **{name: value})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    [said] = answer.json()["error"]["details"]["fields"][name]
    assert said.startswith(told)
