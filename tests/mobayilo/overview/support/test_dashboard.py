"""The operators' dashboard: figures that are those of the rows, and lists of what is stuck."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from telephony.models import Call
from tests.mobayilo.overview.support.pages import TODAY
from tests.web.scenes import credit, past_call, proved_phone
from tests.web.support_desk import desk_of, something_of_everything

pytestmark = [pytest.mark.django_db, pytest.mark.db]


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
