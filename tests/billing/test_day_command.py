"""Commands that report a day: days that were missed are made up for."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from billing.models import AuditReport
from tests.billing.stripe_sandbox import StripeSandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def test_stripe_down_or_a_wrong_day_is_said(settings: Settings, db: None) -> None:
    settings.STRIPE_API_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="does not answer"):
        call_command("reconcile_stripe")
    with pytest.raises(CommandError, match="is not a day"):
        call_command("reconcile_stripe", date="2026-02-30")


def test_days_without_a_report_are_made_up_for(stripe_sandbox: StripeSandbox) -> None:
    call_command("reconcile_stripe")
    today = timezone.now().date()
    AuditReport.objects.update(day=today - timedelta(days=4))
    for _ in range(2):
        call_command("reconcile_stripe")
    days = AuditReport.objects.order_by("id").values_list("day", flat=True)
    assert list(days) == [today - timedelta(days=ago) for ago in (4, 3, 2, 1, 1)]
