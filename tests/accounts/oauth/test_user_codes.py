"""User codes, drawn and typed."""

import secrets

import pytest
from django.test import Client

from accounts.models import DeviceLogin, User
from tests.accounts.device_logins import FORM, START, approve, start

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.mark.parametrize("typed", ["{0}", "{1}", " {2} ", "{3}", "{0}\r\n"])
def test_user_code_is_read_as_people_type_it(client: Client, alice: User, typed: str) -> None:
    code = start(client)["user_code"]
    plain = code.replace("-", "")
    forms = (code, plain.lower(), plain[:4].lower() + " " + plain[4:], code.replace("-", "–"))
    assert approve(typed.format(*forms), alice)


def test_user_code_that_is_taken_is_drawn_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = iter("BBBBBBBBBBBBBBBBCCCCCCCC")
    monkeypatch.setattr(secrets, "choice", lambda alphabet: next(letters))
    assert [start(client)["user_code"] for _ in range(2)] == ["BBBB-BBBB", "CCCC-CCCC"]
    monkeypatch.setattr(secrets, "choice", lambda alphabet: "B")
    answer = client.post(START, "client_id=moby-cli", content_type=FORM)
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert DeviceLogin.objects.count() == 2
