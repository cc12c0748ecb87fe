"""The page that calls: it shows what a call costs in each mode, and places the one chosen."""

import gzip
import json
import re
import struct
from html import unescape
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import resolve
from pytest_django import Settings

from accounts.models import User
from telephony.models import Call
from tests.telephony.callers import DESTINATION, OWN_PHONE, People, Person
from tests.telephony.sandbox import Sandbox
from tests.web.weight import FILE

pytestmark = [pytest.mark.django_db(transaction=True)]
Form = dict[str, str]


def forms_of(page: str) -> dict[str, Form]:
    """Return the fields of each offer on a page, by its mode."""
    field = re.compile(r'name="(\w+)"\s+value="([^"]*)"')
    forms = [
        {name: unescape(value) for name, value in field.findall(form)}
        for form in re.findall(r'<form method="post".*?</form>', page, re.DOTALL)
    ]
    return {form["mode"]: form for form in forms if "mode" in form}


@pytest.fixture
def browser(caller: Person, client: Client) -> Client:
    client.force_login(caller.user)
    return client


def dial(browser: Client, number: str) -> str:
    return browser.get("/call", {"to": number}).content.decode()


@pytest.mark.usefixtures("computer_calls")
def test_page_offers_both_modes_with_what_each_costs(browser: Client, settings: Settings) -> None:
    page = dial(browser, DESTINATION)
    offers = forms_of(page)
    assert list(offers) == ["computer", "callback"]
    assert "$0.018" in page
    assert "$0.042" in page
    assert offers["callback"]["shown_number"] == OWN_PHONE
    assert offers["computer"]["shown_number"] == settings.TWILIO_FROM_NUMBER
    part = browser.get("/call/offers", {"to": "020 7946 0018", "country": "GB"}).content.decode()
    assert list(forms_of(part)) == ["computer", "callback"]


def test_page_rings_the_phone_where_no_computer_can_call(browser: Client, sandbox: Sandbox) -> None:
    offers = forms_of(dial(browser, DESTINATION))
    assert list(offers) == ["callback"]
    placed = browser.post("/call", offers["callback"])
    call = Call.objects.get()
    assert placed.headers["Location"] == f"/calls/{call.public_id}"
    assert len(sandbox.get("calls", number=OWN_PHONE)["calls"]) == 1


@pytest.mark.usefixtures("computer_calls")
def test_form_that_is_sent_twice_places_one_call(browser: Client) -> None:
    form = forms_of(dial(browser, DESTINATION))["computer"]
    pages = {browser.post("/call", form).headers["Location"] for _ in range(2)}
    call = Call.objects.get()
    assert pages == {f"/calls/{call.public_id}#talk"}
    assert call.mode == "computer"


@pytest.mark.usefixtures("computer_calls")
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"terms": "0.001 1/1 + 0.001 1/1"}, "price"),
        ({"shown_number": "+12025550199"}, "would see"),
    ],
)
def test_offer_that_has_changed_is_not_placed(browser: Client, changed: Form, words: str) -> None:
    form = forms_of(dial(browser, DESTINATION))["computer"]
    refused = browser.post("/call", form | changed)
    assert refused.status_code == 400
    assert words in refused.content.decode()
    assert not Call.objects.exists()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("112", "Dial 112 directly on a phone"),
        ("+870776123456", "satellite"),
        ("+44 20 7946 001", "+44"),
        (OWN_PHONE, "your own phone"),
    ],
)
def test_refused_number_says_why_and_offers_nothing(
    browser: Client, number: str, words: str
) -> None:
    page = unescape(dial(browser, number))
    assert words in page
    assert forms_of(page) == {}
    assert not Call.objects.exists()


def test_reader_without_a_phone_is_led_to_verify_one(
    client: Client, alice: User, deck: object
) -> None:
    client.force_login(alice)
    page = dial(client, DESTINATION)
    assert '<a href="/caller-ids">Verify your phone</a>' in " ".join(page.split())


def test_reader_whose_money_is_held_is_led_to_the_call_that_holds_it(
    person: People, client: Client, alice: User
) -> None:
    call_id = person(alice, phone=OWN_PHONE, dollars=0.25).call().json()["call_id"]
    client.force_login(alice)
    page = dial(client, DESTINATION)
    assert f'href="/calls/{call_id}">Show {call_id}</a>' in page
    assert forms_of(page) == {}


@pytest.mark.usefixtures("computer_calls")
def test_mode_that_held_money_forbids_names_its_call_beside_the_mode_that_is_left(
    person: People, client: Client, alice: User
) -> None:
    poor = person(alice, phone=OWN_PHONE, dollars=0.20)
    call_id = poor.call(mode="computer", max_seconds=540).json()["call_id"]
    client.force_login(alice)
    page = dial(client, DESTINATION)
    assert list(forms_of(page)) == ["computer"]
    assert page.count(f'href="/calls/{call_id}">Show {call_id}</a>') == 1
    assert '<a href="/topup">Top up</a>' in page


@pytest.mark.usefixtures("computer_calls")
def test_only_the_page_that_starts_a_call_may_reach_the_carrier(
    browser: Client, settings: Settings
) -> None:
    settings.TWILIO_API_URL = ""
    form = forms_of(dial(browser, DESTINATION))["computer"]
    address = browser.post("/call", form).headers["Location"].partition("#")[0]
    page = browser.get(address)
    assert "wss://voice-js.roaming.twilio.com" in page.headers["Content-Security-Policy"]
    assert page.headers["Permissions-Policy"] == "microphone=(self)"
    assert "sandbox_signal" not in page.content.decode()
    browser.post(f"{address}/hangup")
    ended = browser.get(address)
    assert "twilio" not in ended.headers["Content-Security-Policy"]
    assert "twilio.min.js" not in ended.content.decode()
    assert "twilio" not in browser.get("/call").headers["Content-Security-Policy"]
    pages = [ended, browser.get("/call"), browser.get("/home")]
    policies = [one.headers["Permissions-Policy"] for one in pages]
    assert policies == ["microphone=()", "microphone=(self)", "microphone=()"]


@pytest.mark.usefixtures("computer_calls")
def test_page_gets_the_token_of_its_own_call(
    browser: Client, charlie: User, caller: Person
) -> None:
    browser.post("/call", forms_of(dial(browser, DESTINATION))["computer"])
    address = f"/calls/{Call.objects.get().public_id}/voice-token"
    assert browser.post(address).json()["token"]
    stranger = Client()
    stranger.force_login(charlie)
    assert stranger.post(address).status_code == 404
    assert Client(enforce_csrf_checks=True).post(address).status_code == 403
    Call.objects.update(state="completed")
    assert browser.post(address).json() == {"code": "call_not_waiting"}


def test_ended_call_can_be_called_again_with_its_keys(browser: Client, caller: Person) -> None:
    placed = caller.call("020 7946 0018 ext 12", country="GB").json()["call_id"]
    caller.final(placed)
    page = browser.get(f"/calls/{placed}").content.decode()
    (again,) = re.findall(r'href="(/call\?to=[^"]+)"', page)
    form = forms_of(browser.get(unescape(again)).content.decode())["callback"]
    assert form["to"] == f"{DESTINATION} x12"


@pytest.mark.usefixtures("computer_calls")
def test_pages_that_call_are_light_apart_from_the_sdk(browser: Client) -> None:
    dialling = dial(browser, DESTINATION)
    placed = browser.post("/call", forms_of(dialling)["computer"]).headers["Location"]
    talking = browser.get(placed.partition("#")[0]).content.decode()
    assert "vendor/twilio-voice" in talking
    for page in (dialling, talking):
        names = {name for name in FILE.findall(page) if "vendor/" not in name}
        files = [Path(str(finders.find(name))).read_bytes() for name in names]
        sent = len(page.encode()) + sum(len(gzip.compress(file)) for file in files)
        assert sent < 60_000


def test_page_can_be_installed_as_a_program_of_the_phone(browser: Client) -> None:
    page = browser.get("/call").content.decode()
    (name,) = re.findall(r'rel="manifest" href="/static/([^"]+)"', page)
    manifest = json.loads(Path(str(finders.find(name))).read_text())
    assert resolve(manifest["start_url"]).view_name == "telephony:dial"
    assert manifest["display"] == "standalone"
    drawn, painted = manifest["icons"]
    assert "<svg" in Path(str(finders.find(drawn["src"].removeprefix("/static/")))).read_text()
    head = Path(str(finders.find(painted["src"].removeprefix("/static/")))).read_bytes()[:24]
    # Width and height stand after the name of the first chunk (PNG, section 11.2.1).
    assert painted["sizes"] == "x".join(map(str, struct.unpack(">II", head[16:])))
