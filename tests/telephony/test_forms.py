"""Forms of this room that are sent with something wrong."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.models import User
from telephony.models import Call
from tests.telephony.callers import make_call

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def test_wrong_code_keeps_the_country_of_the_account(browser: Client, alice: User) -> None:
    alice.account.default_country = "BR"
    alice.account.save()
    page = browser.post("/caller-ids/confirm", {"code": "x"}).content.decode()
    assert page.count('<option value="BR" selected>') == 2  # to verify a phone, and to read numbers


def test_countries_stand_by_their_letters_and_not_by_their_accents(browser: Client) -> None:
    page = browser.get("/calls").content.decode()
    names = ["Afghanistan", "Åland", "Albania", "Zimbabwe"]
    places = [page.index(f">{name}") for name in names]
    assert places == sorted(places)


@pytest.mark.usefixtures("deck")
@pytest.mark.parametrize("shown", ["no_answer", "No Answer", "no answer"])
def test_state_is_taken_as_it_is_shown(browser: Client, alice: User, shown: str) -> None:
    missed, other = make_call(alice), make_call(alice)
    Call.objects.filter(pk=missed.pk).update(state=Call.State.NO_ANSWER)
    page = browser.get("/calls", {"state": shown}).content.decode()
    assert missed.public_id in page
    assert other.public_id not in page


@pytest.mark.usefixtures("deck")
def test_instant_divides_the_calls_of_a_day(browser: Client, alice: User) -> None:
    early, late = make_call(alice), make_call(alice)
    for call, hour in ((early, 4), (late, 6)):
        Call.objects.filter(pk=call.pk).update(created_at=datetime(2026, 11, 24, hour, tzinfo=UTC))
    page = browser.get("/calls", {"since": "2026-11-24T00:00:00-05:00"}).content.decode()
    assert late.public_id in page
    assert early.public_id not in page


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_ends_of_the_calendar_are_no_filter(browser: Client, instant: str) -> None:
    assert "errorlist" in browser.get("/calls", {"since": instant}).content.decode()


def test_forged_code_form_is_refused(browser: Client) -> None:
    forged = {"code": "123456", "verification_id": "ver_\0"}
    assert browser.post("/caller-ids/confirm", forged).status_code == 400


@pytest.mark.usefixtures("deck")
def test_bad_filter_shows_its_error_and_no_calls(browser: Client, alice: User) -> None:
    call = make_call(alice)
    page = browser.get("/calls", {"since": "yesterday"}).content.decode()
    assert "errorlist" in page
    assert call.public_id not in page
