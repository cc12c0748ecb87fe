"""`manage.py replay_stripe_events`."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from billing.models import StripeEvent, TopUp, Transfer
from billing.payments.reconciliation import reconcile_topups
from tests.billing.money import totals
from tests.billing.stripe_sandbox import StripeSandbox

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]
CHECKED_OUT = "checkout.session.completed"


def test_replay_since_nonsense_replays_nothing(topup: TopUp) -> None:
    with pytest.raises(CommandError, match="is not a day"):
        call_command("replay_stripe_events", "--since", "yesterday")


def test_replay_of_every_event_changes_nothing(
    stripe_sandbox: StripeSandbox, paid: TopUp, capsys: pytest.CaptureFixture[str]
) -> None:
    stripe_sandbox.close(stripe_sandbox.dispute(stripe_sandbox.payment_of(paid)), "win")
    stripe_sandbox.settle()
    before = list(Transfer.objects.order_by("id").values_list("key", flat=True))
    call_command("replay_stripe_events")
    assert f"{StripeEvent.objects.count()} replayed, 0 unreadable" in capsys.readouterr().out
    assert list(Transfer.objects.order_by("id").values_list("key", flat=True)) == before


def test_event_about_nothing_holds_up_no_other(stripe_sandbox: StripeSandbox, paid: TopUp) -> None:
    now = timezone.now()
    unread = StripeEvent.objects.create(
        stripe_id="evt_0", kind=CHECKED_OUT, payload={}, stripe_created_at=now - timedelta(days=1)
    )
    StripeEvent.objects.exclude(pk=unread.pk).update(applied_at=None)
    reconcile_topups()
    waiting = StripeEvent.objects.filter(applied_at=None)
    assert list(waiting) == [unread]
    call_command("replay_stripe_events")
    assert totals(paid.account) == (20, 0)
