"""`manage.py prune_device_logins`: it deletes ended logins and old traces, and nothing else."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import AccessToken, AuditEvent, DeviceLogin, User
from tests.accounts.device_logins import approve, poll, start
from tests.people import api_client, new_token

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.mark.parametrize(("days", "kept"), [(0, 1), (6, 1), (8, 0)])
def test_device_logins_are_deleted_a_week_after_they_ended(
    client: Client, alice: User, days: int, kept: int
) -> None:
    body = start(client)
    approve(body["user_code"], alice)
    poll(client, body["device_code"])
    with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
        call_command("prune_device_logins")
        call_command("prune_device_logins")
    assert DeviceLogin.objects.count() == kept
    assert AccessToken.objects.count() == 1
    assert AuditEvent.objects.filter(action="device_login.approved").exists()


@pytest.mark.parametrize(("days", "kept"), [(89, True), (91, False)])
def test_where_a_token_was_used_is_forgotten_after_ninety_days(
    alice: User, days: int, kept: bool
) -> None:
    lasting = new_token(alice, name="lasting", days=365)
    revoked = new_token(alice, name="revoked", days=365)
    for made in (lasting, revoked):
        api_client(made.secret).get("/api/cli/v1/token", headers={"User-Agent": "curl/8"})
    api_client(revoked.secret).delete("/api/cli/v1/token")
    with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
        call_command("prune_device_logins")
    traces = AccessToken.objects.values_list("name", "last_used_ip", "last_used_agent")
    gone = ("127.0.0.1", "curl/8") if kept else (None, "")
    assert set(traces) == {("lasting", "127.0.0.1", "curl/8"), ("revoked", *gone)}
    assert AuditEvent.objects.filter(action="token.revoked", ip="127.0.0.1").exists()
