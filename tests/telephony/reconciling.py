"""Reconciliation, run at once."""

from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone

from telephony.models import Call
from tests.telephony.sandbox import Sandbox


def backdate(**fields: timedelta) -> None:
    Call.objects.update(**{name: timezone.now() - age for name, age in fields.items()})


def reconcile_now() -> None:
    Call.objects.exclude(reconcile_after=None).update(reconcile_after=timezone.now())
    call_command("reconcile_calls")


def calls_to(sandbox: Sandbox, number: str) -> int:
    return len(sandbox.get("calls", number=number)["calls"])
