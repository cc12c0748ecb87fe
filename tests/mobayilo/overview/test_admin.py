"""The admin's page of one row: all that is known of it, as customers see words and figures."""

import re
from html import unescape

import pytest
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from accounts.models import AccessToken, User
from billing.ledger import open_wallet
from billing.models import TopUp
from mobayilo.overview.support.tables import change_url
from telephony.models import Call
from tests.people import new_token
from tests.web.support_desk import desk_of, something_of_everything

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def desk() -> Client:
    return desk_of("support")


def facts_of(desk: Client, row: Model) -> dict[str, str]:
    """Return the facts of the page of a row, by their labels."""
    page = desk.get(change_url(row)).content.decode()
    found = re.findall(
        r"<label>([^<]+):</label>.*?<div class=\"readonly\">(.*?)</div>", unescape(page), re.DOTALL
    )
    return {label: re.sub(r"<[^>]+>", "", shown).strip() for label, shown in found}


def test_page_of_a_token_says_where_it_was_used(desk: Client, alice: User) -> None:
    token = new_token(alice).row
    used = {"last_used_ip": "192.0.2.7", "last_used_at": timezone.now()}
    AccessToken.objects.filter(pk=token.pk).update(**used)
    facts = facts_of(desk, token)
    assert facts["Last used ip"] == "192.0.2.7"
    assert facts["Last used at"] == timezone.now().strftime("%-d %b %Y, %H:%M")
    assert facts["Last four"] == token.last_four
    assert "Digest" not in facts


def test_page_of_a_call_shows_prices_and_when_it_was_made(desk: Client, alice: User) -> None:
    something_of_everything(alice)
    call = Call.objects.filter(leg_b_seconds=185).latest("id")
    facts = facts_of(desk, call)
    assert facts["Leg b price per minute"] == "$0.03"
    assert facts["Leg b cost"] == "$0.0925"
    assert facts["Twilio's price of A"] == "-"
    assert facts["Public id"] == call.public_id
    assert facts["Created at"] == call.created_at.strftime("%-d %b %Y, %H:%M")


def test_no_page_shows_micro_dollars(desk: Client, alice: User) -> None:
    something_of_everything(alice)
    for row in (TopUp.objects.latest("id"), alice.account.wallet, Call.objects.latest("id")):
        assert not [label for label in facts_of(desk, row) if "micros" in label]
    assert facts_of(desk, TopUp.objects.latest("id"))["Amount"] == "$20.00"


def test_forms_about_money_say_what_is_meant(desk: Client, alice: User) -> None:
    wallet = open_wallet(alice.account)
    chosen = {"action": "credit_or_debit", "_selected_action": wallet.pk}
    asked = desk.post("/admin/billing/wallet/", chosen).content.decode()
    assert "-5.00 to take them away" in asked
    limits = desk_of("operator").get("/admin/telephony/accountlimits/add/").content.decode()
    assert "US dollars, such as 250" in limits


def test_page_of_a_call_has_its_receipt(desk: Client, alice: User) -> None:
    something_of_everything(alice)
    call = Call.objects.filter(leg_b_seconds=185).latest("id")
    page = desk.get(change_url(call)).content.decode()
    receipt = page.partition("<h2>Receipt</h2>")[2].partition("</table>")[0]
    assert "185 s" in receipt
    assert "$0.1295" in receipt
    assert page.index("<h2>Receipt</h2>") < page.index("All that is stored")


def test_question_shows_whose_it_is_and_what_follows(desk: Client, alice: User) -> None:
    something_of_everything(alice)
    asked = {
        "accounts/account": (alice.account, "freeze", "No new calls and no top-ups"),
        "billing/wallet": (alice.account.wallet, "credit_or_debit", "Left of your day"),
        "accounts/user": (alice, "end_sessions", "Tokens go on working"),
        "telephony/call": (Call.objects.latest("id"), "ask_twilio", "is billed"),
    }
    for page, (row, action, consequence) in asked.items():
        sent = {"action": action, "_selected_action": row.pk}
        shown = unescape(desk.post(f"/admin/{page}/", sent).content.decode())
        assert consequence in shown, page
        assert alice.email in shown, page
