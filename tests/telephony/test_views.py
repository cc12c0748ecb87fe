"""The pages of this room, as a browser gets them."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, AuditEvent, User
from telephony.models import Call, CallerId, Registration
from telephony.numbers import number_from_e164
from tests.telephony.callers import OWN_PHONE, Person, make_call
from tests.telephony.sandbox import Sandbox
from tests.telephony.shown import ALWAYS, OPERATOR, REGISTERED, load_rules, play, refuse

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


@pytest.mark.usefixtures("deck")
def test_receipt_page_shows_the_arithmetic(browser: Client, alice: User) -> None:
    call = make_call(alice, seconds=65)
    page = browser.get(reverse("telephony:call", args=[call.public_id]))
    text = page.content.decode()
    assert page.status_code == 200
    assert all(part in text for part in ("$0.012", "60 s", "120", "$0.024", "$0.036"))


@pytest.mark.usefixtures("deck")
def test_call_list_filters_and_downloads(browser: Client, alice: User) -> None:
    talked, busy = make_call(alice, seconds=65), make_call(alice, state=Call.State.BUSY)
    page = browser.get("/calls", {"state": "busy"}).content.decode()
    assert busy.public_id in page
    assert talked.public_id not in page
    lines = b"".join(browser.get("/calls.csv", {"state": "completed"})).decode().splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(f"{talked.public_id},")
    assert lines[1].endswith(",65,0.018,0.036")
    # With spaces, which a spreadsheet keeps as text.
    assert f",{number_from_e164(talked.to_e164).international}," in lines[1]
    assert talked.to_e164 not in lines[1]


@pytest.mark.usefixtures("deck")
def test_download_survives_a_number_that_no_country_has(browser: Client, alice: User) -> None:
    odd = make_call(alice, seconds=65, operator_e164="+999123456789", redialed_at=timezone.now())
    lines = b"".join(browser.get("/calls.csv")).decode().splitlines()
    assert lines[1].startswith(f"{odd.public_id},")
    assert ",+999123456789," in lines[1]


def test_country_of_calls_is_chosen_from_a_list(browser: Client) -> None:
    page = browser.get("/calls", {"country": "gb"}).content.decode()
    assert '<option value="GB">United Kingdom</option>' in page
    assert "errorlist" not in browser.get("/calls", {"country": "XK"}).content.decode()


@pytest.mark.usefixtures("deck")
def test_call_list_costs_the_same_however_long_it_is(
    browser: Client, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(30):
        make_call(alice)
    with django_assert_max_num_queries(15):
        assert browser.get("/calls").status_code == 200


@pytest.mark.usefixtures("deck")
def test_page_of_a_call_that_goes_on_has_its_clock_and_cost(browser: Client, alice: User) -> None:
    now = timezone.now()
    call = make_call(
        alice,
        seconds=None,
        state="answered",
        bridged_at=now - timedelta(seconds=80),
        answered_at=now - timedelta(seconds=65),
        ended_at=None,
        settled_at=None,
    )
    with time_machine.travel(now, tick=False):
        page = browser.get(f"/calls/{call.public_id}").content.decode()
    assert "data-clock-time>1:05<" in page
    # 80 s of the own phone at $0.006, two minutes of the destination at $0.012
    assert "data-clock-cost>$0.032<" in page
    assert "Set aside for the longest possible call" in page
    Call.objects.update(state="completed", ended_at=now)
    assert "data-clock-time" not in browser.get(f"/calls/{call.public_id}").content.decode()


@pytest.mark.usefixtures("deck")
def test_strangers_see_no_call(client: Client, alice: User, charlie: User) -> None:
    call = make_call(alice)
    client.force_login(charlie)
    for name in ("call", "call-state"):
        assert client.get(reverse(f"telephony:{name}", args=[call.public_id])).status_code == 404
    hangup = client.post(reverse("telephony:call-hangup", args=[call.public_id]))
    assert hangup.status_code == 404
    assert call.public_id not in client.get("/calls").content.decode()


@pytest.mark.usefixtures("deck")
def test_live_part_answers_304_until_something_changes(browser: Client, alice: User) -> None:
    call = make_call(alice)
    url = reverse("telephony:call-state", args=[call.public_id])
    assert browser.get(url, {"after": call.version}).status_code == 304
    changed = browser.get(url, {"after": call.version - 1})
    assert (changed.status_code, changed["X-Version"]) == (200, str(call.version))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("live")
def test_phone_is_proved_on_the_page(browser: Client, sandbox: Sandbox) -> None:
    asked = browser.post("/caller-ids", {"number": "07400 123456", "country": "GB"})
    assert asked.status_code == 302
    page = browser.get("/caller-ids").content.decode()
    assert "Tries left: 5" in page
    wrong = browser.post("/caller-ids/confirm", {"code": "000000"})
    assert wrong.status_code == 400
    assert "4 tries are left" in wrong.content.decode()
    browser.post("/caller-ids/confirm", {"code": sandbox.code_for(OWN_PHONE)})
    assert CallerId.objects.get().e164 == OWN_PHONE


def test_country_is_changed_on_the_page(browser: Client, alice: User) -> None:
    assert browser.post("/caller-ids/country", {"country": "FR"}).status_code == 302
    alice.account.refresh_from_db()
    assert alice.account.default_country == "FR"
    page = browser.get("/caller-ids").content.decode()
    assert '<option value="FR" selected>' in page
    assert browser.post("/caller-ids/country", {"country": "QQ"}).status_code == 400


@pytest.mark.usefixtures("deck")
@pytest.mark.parametrize(
    ("number", "country", "words"),
    [
        ("020 7946 0018", "GB", "+44 20 7946 0018 (United Kingdom, fixed): $0.012 a minute"),
        ("+81 3 1234 5678", "", "+81 3-1234-5678 (Japan, fixed): no price"),
        ("020 79", "GB", "too short"),
        ("Ghana", "", ""),
    ],
)
def test_number_is_shown_while_it_is_typed(
    client: Client, number: str, country: str, words: str
) -> None:
    told = client.get("/numbers/check", {"number": number, "country": country})
    assert told["Content-Type"] == "text/plain; charset=utf-8"
    assert words.lower() in told.content.decode().lower()
    assert bool(told.content) == bool(words)


def test_number_typed_by_someone_is_read_at_home(browser: Client, alice: User) -> None:
    Account.objects.filter(pk=alice.account_id).update(default_country="FR")
    told = browser.get("/numbers/check", {"number": "01 23 45 67 89"}).content.decode()
    assert told.startswith("+33 1 23 45 67 89 (France")


def test_number_that_cannot_be_is_explained_on_the_page(browser: Client, deck: object) -> None:
    page = browser.post("/caller-ids", {"number": "12345", "country": "GB"})
    assert page.status_code == 400
    assert "errorlist" in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_page_hangs_up(
    client: Client, caller: Person, sandbox: Sandbox, person: Callable[..., Person]
) -> None:
    sandbox.post("speed", speed=1)
    sandbox.phone(OWN_PHONE, outcome="manual")
    call_id = caller.call().json()["call_id"]
    client.force_login(caller.user)
    client.post(reverse("telephony:call-hangup", args=[call_id]))
    assert caller.final(call_id)["state"] == "canceled"


def test_pages_ask_visitors_to_sign_in(client: Client, db: None) -> None:
    for path in ("/calls", "/calls.csv", "/caller-ids"):
        assert client.get(path).status_code == 302


def test_removed_number_is_shown_as_its_country_spaces_it(browser: Client, alice: User) -> None:
    phone = CallerId.objects.create(account=alice.account, e164=OWN_PHONE, country="GB")
    path = reverse("telephony:caller-id-remove", args=[phone.public_id])
    page = browser.post(path, follow=True).content.decode()
    assert "+44 7400 123456 was removed." in page


def test_page_registers_a_phone_where_a_rule_asks_for_it(
    person: Callable[..., Person], client: Client, alice: User, sandbox: Sandbox, tmp_path: Path
) -> None:
    person(alice, phone=OWN_PHONE)
    client.force_login(alice)
    assert "/register" not in client.get("/caller-ids").content.decode()
    load_rules(tmp_path, REGISTERED)
    sandbox.post("speed", speed=1)
    path = f"/caller-ids/{CallerId.objects.get().public_id}/register"
    assert path in client.get("/caller-ids").content.decode()
    page = client.post(path, follow=True).content.decode()
    assert Registration.objects.get().code in page
    assert path not in page
    Registration.objects.update(state="failed", failure="busy", code="")
    page = client.get("/caller-ids").content.decode()
    assert "The phone was busy" in page
    assert path in page


def test_page_offers_to_register_a_phone_whose_number_was_refused(
    caller: Person, client: Client, sandbox: Sandbox, tmp_path: Path
) -> None:
    client.force_login(caller.user)
    load_rules(tmp_path, ALWAYS)
    refuse(sandbox, {"until_registered": True})
    play(caller, sandbox)
    path = f"/caller-ids/{CallerId.objects.get().public_id}"
    assert f"{path}/register" in client.get("/caller-ids").content.decode()


def test_page_removes_a_registration(caller: Person, client: Client, sandbox: Sandbox) -> None:
    client.force_login(caller.user)
    phone = CallerId.objects.get()
    Registration.objects.create(
        account=caller.user.account, user=caller.user, caller_id=phone, e164=phone.e164,
        state="registered", expires_at=timezone.now(),
    )  # fmt: skip
    path = f"/caller-ids/{phone.public_id}/unregister"
    assert path in client.get("/caller-ids").content.decode()
    page = client.post(path, follow=True).content.decode()
    assert "is no longer registered with our carrier" in page
    assert path not in page


def test_page_sets_that_only_the_own_number_is_shown(browser: Client, alice: User) -> None:
    for sent, only in (({"only_my_number": "on"}, True), ({}, False)):
        browser.post("/caller-ids/shown", sent)
        assert Account.objects.get(pk=alice.account_id).only_my_number is only
    changes = AuditEvent.objects.filter(action="account.only_my_number_changed")
    assert [event.facts["only"] for event in changes.order_by("id")] == [True, False]


def test_page_switches_the_question_for_a_key_off_and_on(browser: Client, alice: User) -> None:
    for sent, asks in (({}, False), ({"asks_for_key": "on"}, True)):
        browser.post("/caller-ids/question", sent)
        assert Account.objects.get(pk=alice.account_id).asks_for_key is asks
    changes = AuditEvent.objects.filter(action="account.asks_for_key_changed")
    assert [event.facts["asks"] for event in changes.order_by("id")] == [False, True]
    assert (
        "Press 1 before the other phone rings: off"
        in browser.get("/settings/security").content.decode()
    )


@pytest.mark.usefixtures("deck")
@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"state": "dialing"}, "pick it up and press 1."),
        ({"state": "dialing", "asked_at": timezone.now()}, "Press 1 on your phone."),
        ({"state": "no_answer", "end_reason": "no_key"}, "No 1 came from your phone"),
    ],
)
def test_call_page_says_that_1_is_to_be_pressed(
    browser: Client, alice: User, facts: dict[str, Any], said: str
) -> None:
    settled = {"settled_at": None, "ended_at": None} if facts["state"] == "dialing" else {}
    call = make_call(alice, asks_for_key=True, **(facts | settled))
    assert said in browser.get(reverse("telephony:call", args=[call.public_id])).content.decode()


@pytest.mark.usefixtures("deck")
def test_call_page_says_which_number_was_shown(browser: Client, alice: User) -> None:
    call = make_call(
        alice, seconds=65, operator_e164=OPERATOR, redialed_at=timezone.now(), number_refusals=1,
    )  # fmt: skip
    page = browser.get(reverse("telephony:call", args=[call.public_id])).content.decode()
    assert "+1 202-555-0100" in page
    assert "refused to show your own" in page
    (_, line) = b"".join(browser.get("/calls.csv")).decode().splitlines()
    numbers = (OWN_PHONE, call.to_e164, OPERATOR)
    shown = ",".join(number_from_e164(e164).international for e164 in numbers)
    assert f",{shown},GB," in line
