"""`manage.py prune_idempotency_keys`."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from accounts.models import IdempotencyKey, User
from tests.people import api_client, new_token

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.mark.parametrize(("hours", "kept"), [(23, 1), (25, 0)])
def test_kept_answers_are_deleted_after_a_day(alice: User, hours: int, kept: int) -> None:
    client = api_client(new_token(alice).secret)
    headers = {"Idempotency-Key": "k"}
    client.post("/api/cli/v1/token/rotate", {}, "application/json", headers=headers)
    with time_machine.travel(timezone.now() + timedelta(hours=hours), tick=False):
        call_command("prune_idempotency_keys")
    assert IdempotencyKey.objects.count() == kept
