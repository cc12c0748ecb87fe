"""The support screen of one account, and the search that leads to it."""

import re
from datetime import UTC, datetime

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AccessToken, AuditEvent, User
from billing.models import TopUp
from mobayilo.overview.support.tables import list_url
from telephony.models import Call, OpenedDestination
from tests.mobayilo.overview.support.pages import page_of
from tests.people import new_token
from tests.web.scenes import many_movements
from tests.web.support_desk import desk_of, something_of_everything
from tests.web.weight import MOST_BYTES, weight

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_screen_shows_something_of_everything(alice: User) -> None:
    something_of_everything(alice)
    shown = desk_of("support").get(page_of(alice)).content.decode()
    for expected in (
        alice.email, "Available", "country_closed", "Calls to Germany are closed.",
        "+447400999888", "anvil", "token_created", "checkout.session.expired", "Status of leg A",
        "Open hold", "+$1,000.00", "rfd_", "dp_", "fraudulent", "Firefox on Linux", "192.0.2.33",
        "caller-ids", "too_many_codes", "Too many codes.",
        TopUp.objects.get().public_id, AccessToken.objects.get().public_id,
        f"…{AccessToken.objects.get().last_four}", "Looked at the account",
    ):  # fmt: skip
        assert expected in shown, expected


def test_screen_asks_as_little_whatever_the_number_of_rows(alice: User, charlie: User) -> None:
    something_of_everything(alice, times=25)
    something_of_everything(charlie)
    desk, counts = desk_of("operator"), []
    for path in ("/admin/password_change/done/", page_of(alice), page_of(charlie)):
        with CaptureQueriesContext(connection) as queries:
            desk.get(path)
        counts.append(len(queries))
    frame, full, small = counts
    assert full == small
    assert full <= 24
    assert full - frame <= 15


def test_screen_shows_nothing_secret(alice: User) -> None:
    something_of_everything(alice)
    secret = new_token(alice, name="fresh").secret
    shown = desk_of("operator").get(page_of(alice)).content.decode()
    digest = AccessToken.objects.latest("id").digest
    for hidden in (
        secret,
        digest,
        alice.password,
        "device-code-digest",
        "user-code-digest",
        "session-key",
    ):
        assert hidden not in shown
    assert Call.objects.latest("id").to_e164 not in shown


def test_screen_shows_what_proves_who_a_user_is(alice: User) -> None:
    desk = desk_of("support")
    row = r"alice@example.org</a></td>\s*<td>{}</td>\s*<td>{}</td>"
    assert re.search(row.format("yes", "no"), desk.get(page_of(alice)).content.decode())
    EmailAddress.objects.filter(user=alice).update(verified=False)
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={})
    assert re.search(row.format("no", "yes"), desk.get(page_of(alice)).content.decode())
    Authenticator.objects.update(type=Authenticator.Type.RECOVERY_CODES)
    assert re.search(row.format("no", "no"), desk.get(page_of(alice)).content.decode())


def test_rows_lead_to_pages_that_open(alice: User) -> None:
    something_of_everything(alice)
    desk = desk_of("operator")
    shown = desk.get(page_of(alice)).content.decode()
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/admin/[^"]+)"', shown)}
    wrong = [link for link in links if desk.get(link, follow=True).status_code != 200]
    assert len(links) > 30
    assert wrong == []


def offered(group: str, user: User) -> set[str]:
    shown = desk_of(group).get(page_of(user)).content.decode()
    return set(re.findall(r'name="action" value="(\w+)"', shown))


def test_each_group_is_offered_what_it_may_do(alice: User) -> None:
    something_of_everything(alice)
    support = {
        "freeze",
        "revoke",
        "credit_or_debit",
        "end_sessions",
        "remove",
        "expire",
        "send_again",
    }
    of_support = offered("support", alice)
    assert of_support >= support
    assert not of_support & {"lock", "tighten", "thaw"}
    assert offered("operator", alice) >= support | {"lock", "tighten"}
    assert offered("finance", alice) <= {"credit_or_debit", "refund", "ask"}


BUTTON = re.compile(
    r'<form method="post" action="([^"]+)">.*?name="action" value="(\w+)".*?'
    r'name="_selected_action"\s+value="(\d+)".*?name="back" value="([^"]+)"',
    re.DOTALL,
)


def test_every_button_chooses_the_row_that_it_stands_beside(alice: User, charlie: User) -> None:
    something_of_everything(alice)
    something_of_everything(charlie)
    for country, account in (("DE", alice.account), ("FR", None)):
        OpenedDestination.objects.create(
            account=account, destination=country, reason="ticket", opened_by=alice
        )
    desk = desk_of("operator")
    buttons = BUTTON.findall(desk.get(page_of(alice)).content.decode())
    assert {"close", "credit_or_debit", "revoke", "send_again"} <= {
        name for _, name, _, _ in buttons
    }
    for url, action, pk, back in buttons:
        asked = desk.post(url, {"action": action, "_selected_action": pk, "back": back})
        assert [str(row.pk) for row, _ in asked.context["rows"]] == [pk], action
        assert f'href="{page_of(alice)}" class="closelink"' in asked.content.decode(), action


def test_button_closes_a_destination_and_comes_back_to_the_screen(alice: User) -> None:
    opened = OpenedDestination.objects.create(
        account=alice.account, destination="DE", reason="ticket", opened_by=alice
    )
    desk = desk_of("operator")
    (url, action, pk, back), *_ = [
        button for button in BUTTON.findall(desk.get(page_of(alice)).content.decode())
        if button[1] == "close"
    ]  # fmt: skip
    sent = {"action": action, "_selected_action": pk, "back": back}
    done = desk.post(url, {**sent, "with_reason": "yes", "reason": "ticket 42"}, follow=True)
    assert done.redirect_chain[-1][0] == page_of(alice)
    assert "1 closed." in done.content.decode()
    opened.refresh_from_db()
    assert opened.closed_at is not None


def test_support_switches_the_question_for_a_customer(alice: User) -> None:
    desk, account = desk_of("support"), alice.account
    for action, label, asks in (
        ("ask_for_no_key", "Ask for no key", False), ("ask_for_key", "Ask for a key", True),
    ):  # fmt: skip
        shown = desk.get(page_of(alice)).text
        assert f">{label}<" in shown
        assert "ring their phone first" in shown
        sent = {"action": action, "_selected_action": account.pk, "with_reason": "yes",
                "reason": "their keys never arrive"}  # fmt: skip
        assert "1 switched" in desk.post("/admin/accounts/account/", sent, follow=True).text
        account.refresh_from_db()
        assert account.asks_for_key is asks
    events = AuditEvent.objects.filter(action="account.asks_for_key_changed", account=account)
    assert {(one.via, one.facts["reason"]) for one in events} == {("staff", sent["reason"])}
    desk_of("finance").post("/admin/accounts/account/", {**sent, "action": "ask_for_no_key"})
    account.refresh_from_db()
    assert account.asks_for_key


def test_button_freezes_and_comes_back_to_the_screen(alice: User) -> None:
    desk, account = desk_of("support"), alice.account
    sent = {"action": "freeze", "_selected_action": account.pk, "back": page_of(alice)}
    done = desk.post(
        "/admin/accounts/account/",
        {**sent, "with_reason": "yes", "reason": "ticket 42"},
        follow=True,
    )
    assert done.redirect_chain[-1][0] == page_of(alice)
    shown = done.content.decode()
    assert "1 frozen." in shown
    assert "Frozen since" in shown
    assert "Thaw" in shown


def test_action_leads_back_to_no_other_site(alice: User) -> None:
    sent = {"action": "freeze", "_selected_action": alice.account.pk}
    elsewhere = {"back": "https://evil.example/", "with_reason": "yes", "reason": "ticket 42"}
    done = desk_of("support").post("/admin/accounts/account/", {**sent, **elsewhere})
    assert done["Location"] == "/admin/accounts/account/"


def test_customers_and_staff_without_a_group_see_no_screen(alice: User, charlie: User) -> None:
    client = desk_of("support")
    client.force_login(charlie)
    assert client.get(page_of(alice)).status_code == 302
    assert client.get("/admin/accounts/account/search/?q=alice").status_code == 302
    User.objects.filter(pk=charlie.pk).update(is_staff=True)
    assert client.get(page_of(alice)).status_code == 403
    assert client.get("/admin/accounts/account/search/?q=alice").status_code == 403


def test_customer_learns_what_support_did_and_not_who_or_from_where(alice: User) -> None:
    desk = desk_of("support")
    desk.defaults.update({"REMOTE_ADDR": "203.0.113.9", "HTTP_USER_AGENT": "desk-browser"})
    desk.get(page_of(alice))
    sent = {"action": "freeze", "_selected_action": alice.account.pk, "with_reason": "yes"}
    desk.post("/admin/accounts/account/", {**sent, "reason": "ticket 42"})
    desk.defaults.clear()
    desk.force_login(alice)
    page = desk.get("/settings/security").content.decode()
    assert "Account frozen" in page
    assert "Support" in page
    for hidden in ("support@example.com", "203.0.113.9", "desk-browser", "Support looked"):
        assert hidden not in page, hidden


def test_support_pages_are_light_with_a_thousand_rows(alice: User) -> None:
    something_of_everything(alice, times=90)
    many_movements(alice.account, 1_000)
    desk = desk_of("operator")
    lists = [list_url(model) for model in admin.site._registry if model is not Group]
    weights = {
        path: weight(desk.get(path).content.decode())
        for path in [page_of(alice), "/admin/accounts/account/today/", *lists]
    }
    assert [(path, size) for path, size in weights.items() if size > MOST_BYTES] == []


def test_screen_is_headed_by_the_person_and_leads_to_each_table(alice: User, bob: User) -> None:
    something_of_everything(alice)
    shown = desk_of("support").get(page_of(alice)).content.decode()
    assert "<h1>alice@example.org, bob@example.org</h1>" in shown
    jumps = re.findall(r'<a href="#([a-z-]+)">', shown)
    assert jumps == re.findall(r'<section class="module support-table" id="([a-z-]+)">', shown)
    assert len(jumps) > 10


def test_times_are_those_of_the_customer_on_request(alice: User) -> None:
    """A British phone rings first; a call in July is an hour earlier in UTC."""
    something_of_everything(alice)
    july = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    Call.objects.filter(pk=Call.objects.latest("id").pk).update(created_at=july)
    desk = desk_of("support")
    assert "1 Jul 2026, 12:00" in desk.get(page_of(alice)).content.decode()
    theirs = desk.get(f"{page_of(alice)}?times=customer").content.decode()
    assert "1 Jul 2026, 13:00" in theirs
    assert "Times are in Europe/London" in theirs


def test_actions_that_take_something_look_like_it(alice: User) -> None:
    something_of_everything(alice)
    shown = desk_of("operator").get(page_of(alice)).content.decode()
    harmful = set(re.findall(r'class="button is-harm">([^<]+)</button>', shown))
    assert {"Freeze", "Lock", "Revoke", "Revoke all tokens"} <= harmful
    assert not harmful & {"Send again", "Ask Stripe", "Credit or debit"}
