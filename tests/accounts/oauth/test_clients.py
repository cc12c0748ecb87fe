"""Clients that may start a device login."""

from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.models import User
from accounts.oauth.device_login import CLIENTS
from tests.accounts.device_logins import FORM, START, approve, poll, start

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_code_belongs_to_the_client_that_started(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CLIENTS, "other", "Another program")
    body = start(client)
    approve(body["user_code"], alice)
    assert poll(client, body["device_code"], client_id="other")[1]["error"] == "invalid_grant"
    sent = {"client_id": "other", "device_code": body["device_code"]}
    client.post(f"{START}/cancel", urlencode(sent), content_type=FORM)
    assert poll(client, body["device_code"])[0] == 200
