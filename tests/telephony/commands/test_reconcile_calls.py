"""`manage.py reconcile_calls`."""

import pytest
from django.core.management import call_command

from telephony.models import Call
from tests.telephony.callers import Person
from tests.telephony.sandbox import Sandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def test_two_runs_at_once_settle_a_call_once(caller: Person, sandbox: Sandbox) -> None:
    caller.final(caller.call().json()["call_id"])
    before = caller.balance
    call_command("reconcile_calls", "--call", Call.objects.get().public_id)
    assert caller.balance == before
