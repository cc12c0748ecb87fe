"""The operators' dashboard: figures that are those of the rows, and lists of what is stuck."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import OutboxMail, User
from billing.models import AuditReport, Hold, Refund, StripeEvent, TopUp
from mobayilo.overview.models import PeriodicJob
from telephony.models import Call
from tests.web.scenes import credit, past_call, proved_phone
from tests.web.support_desk import desk_of, something_of_everything

pytestmark = [pytest.mark.django_db, pytest.mark.db]
TODAY = "/admin/accounts/account/today/"
STUCK = re.compile(
    r'<li( class="is-stuck")?>\s*<a href="([^"]+)">([^<]+)</a> <strong>(\d+)</strong>'
)


def leave_everything_stuck(user: User) -> None:
    """One row, at least, of each kind that should have moved on."""
    something_of_everything(user)
    long_ago = timezone.now() - timedelta(days=2)
    first, second = Call.objects.order_by("id")[:2]
    Call.objects.filter(pk=first.pk).update(settled_at=None, ended_at=long_ago)
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
    PeriodicJob.objects.create(name="late", next_run_at=long_ago, last_error="OSError")
    AuditReport.objects.create(subject="ledger", difference_count=1, text="")


def test_nothing_is_stuck_in_an_empty_house(alice: User) -> None:
    shown = desk_of("operator").get(TODAY).content.decode()
    counts = [int(count) for _, _, _, count in STUCK.findall(shown)]
    assert counts == [0] * 14


def test_what_is_stuck_is_counted_and_leads_to_its_list(alice: User) -> None:
    leave_everything_stuck(alice)
    desk = desk_of("operator")
    found = STUCK.findall(desk.get(TODAY).content.decode())
    assert [label for marked, _, label, count in found if not (marked and int(count))] == []
    for _, url, label, count in found:
        listed = desk.get(url.replace("&amp;", "&"))
        assert listed.context["cl"].result_count == int(count), label


def test_figures_are_those_of_the_rows(alice: User) -> None:
    credit(alice.account, 50_000_000)
    phone = proved_phone(alice)
    for place in (("+442079460018", "GB", "completed", 60), ("+442079460018", "GB", "busy", 0)):
        past_call(alice, phone, place)
    Call.objects.filter(state="busy").update(end_reason="busy")
    shown = desk_of("support").get(TODAY).content.decode()
    assert re.search(r"Calls an hour <strong>2</strong>", shown)
    assert re.search(r"Answered <strong>50 %</strong>", shown)
    assert re.search(r"Spent on calls <strong>\$0\.042</strong>", shown)
    assert re.search(r"Paid in <strong>\$0\.00</strong>", shown)
    assert re.search(r"end_reason=busy\">busy</a></td>\s*<td class=\"number\">1</td>", shown)


def test_refusals_are_counted_by_code_and_listed(alice: User) -> None:
    something_of_everything(alice, times=3)
    desk = desk_of("support")
    shown = desk.get(TODAY).content.decode()
    assert re.search(
        r"code=country_closed\">country_closed</a></td>\s*<td class=\"number\">3</td>", shown
    )
    assert re.search(
        r"code=too_many_codes\">too_many_codes</a></td>\s*<td class=\"number\">3</td>", shown
    )
    for url in (
        "/admin/telephony/refusedcall/?code=country_closed",
        "/admin/overview/failedrequest/?code=too_many_codes",
    ):
        assert desk.get(url).context["cl"].result_count == 3


def test_dashboard_asks_as_little_whatever_happened(alice: User) -> None:
    something_of_everything(alice, times=20)
    desk = desk_of("operator")
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(TODAY).status_code == 200
    assert len(queries) <= 15


def test_customers_see_no_dashboard(alice: User) -> None:
    client = desk_of("operator")
    client.force_login(alice)
    assert client.get(TODAY).status_code == 302
