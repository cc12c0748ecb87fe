"""Lists of what is stuck."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import OutboxMail, PendingAct, User
from billing.models import AuditReport, Hold, Refund, StripeEvent, TopUp
from mobayilo.overview.models import PeriodicJob
from telephony.models import Call, CarrierFault
from tests.mobayilo.overview.support.pages import TODAY
from tests.web.support_desk import desk_of, something_of_everything

pytestmark = [pytest.mark.django_db, pytest.mark.db]
STUCK = re.compile(
    r'<li( class="is-stuck")?>\s*<a href="([^"]+)">([^<]+)</a> <strong>(\d+)</strong>'
)


def leave_everything_stuck(user: User) -> None:
    """One row, at least, of each kind that should have moved on."""
    something_of_everything(user)
    long_ago = timezone.now() - timedelta(days=2)
    first, second = Call.objects.order_by("id")[:2]
    Call.objects.filter(pk=first.pk).update(
        settled_at=None, ended_at=long_ago, number_refusals=1, created_at=timezone.now()
    )
    Call.objects.filter(pk=second.pk).update(
        settled_at=None, ended_at=None, leg_a_sid=None, created_at=long_ago
    )
    Hold.objects.update(expires_at=long_ago)
    TopUp.objects.update(expires_at=long_ago, problem="The amount differs.")
    topup = TopUp.objects.latest("id")
    Refund.objects.create(topup=topup, amount_micros=1, created_at=long_ago)
    topup.disputes.create(stripe_id="dp_1", kind="dispute", amount_micros=1, state=1)
    StripeEvent.objects.update(received_at=long_ago)
    StripeEvent.objects.create(
        stripe_id="evt_bad", kind="x", payload={}, stripe_created_at=long_ago, outcome="refused"
    )
    OutboxMail.objects.update(attempts=5)
    PendingAct.objects.create(key="act", words="+$150.00", row=1, asked_by=user)
    PeriodicJob.objects.create(name="late", next_run_at=long_ago, last_error="OSError")
    AuditReport.objects.create(subject="ledger", difference_count=1, text="")
    CarrierFault.objects.create(code=21216, count=1)


def test_nothing_is_stuck_on_an_empty_site(alice: User) -> None:
    shown = desk_of("operator").get(TODAY).content.decode()
    counts = [int(count) for _, _, _, count in STUCK.findall(shown)]
    assert counts == [0] * 17


def test_what_is_stuck_is_counted_and_leads_to_its_list(alice: User) -> None:
    leave_everything_stuck(alice)
    desk = desk_of("operator")
    found = STUCK.findall(desk.get(TODAY).content.decode())
    assert [label for marked, _, label, count in found if not (marked and int(count))] == []
    for _, url, label, count in found:
        listed = desk.get(url.replace("&amp;", "&"))
        assert listed.context["cl"].result_count == int(count), label
