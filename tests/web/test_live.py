"""Parts of a page that change while it is open."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Route, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import DeviceLogin, User
from billing.models import TopUp
from mobayilo.lib.formatting import format_duration
from mobayilo.lib.money import format_money
from telephony.models import Call
from tests.accounts.device_logins import start
from tests.web.scenes import credit, paid_topup, proved_phone, running_call
from tests.web.watched import Watched

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def watched(chromium: Browser, live_server: LiveServer, alice: User) -> Iterator[Watched]:
    watched = Watched(chromium, live_server.url)
    watched.sign_in(alice)
    watched.page.clock.install()
    yield watched
    watched.context.close()


@pytest.fixture
def ringing(alice: User) -> Call:
    credit(alice.account, 20_000_000)
    return running_call(alice, proved_phone(alice))


def change(call: Call, **fields: Any) -> None:
    Call.objects.filter(pk=call.pk).update(version=call.version + 1, **fields)


def test_call_moves_on_and_the_focus_stays(watched: Watched, ringing: Call) -> None:
    watched.open(f"/calls/{ringing.public_id}")
    button = watched.page.get_by_role("button", name="Hang up")
    button.focus()
    change(ringing, state="answered", answered_at=timezone.now())
    watched.page.clock.run_for(3_000)
    expect(watched.page.locator("main").get_by_role("status")).to_have_text("In call")
    expect(button).to_be_focused()
    assert watched.complaints == []


def test_call_page_asks_to_pick_up_until_it_is_done(watched: Watched, ringing: Call) -> None:
    change(ringing, state="dialing", leg_a_status="ringing", leg_b_status="")
    watched.open(f"/calls/{ringing.public_id}")
    state = watched.page.locator("main").get_by_role("status")
    expect(state).to_have_text("Dialing Your phone rings first; pick it up.")
    ringing.refresh_from_db()
    change(ringing, state="ringing", leg_a_status="in-progress", leg_b_status="ringing")
    watched.page.clock.run_for(3_000)
    expect(state).to_have_text("Ringing")


def test_focus_goes_to_the_page_with_the_button(watched: Watched, ringing: Call) -> None:
    watched.open(f"/calls/{ringing.public_id}")
    watched.page.get_by_role("button", name="Hang up").focus()
    change(ringing, state="busy", ended_at=timezone.now())
    watched.page.clock.run_for(3_000)
    expect(watched.page.locator("main").get_by_role("status")).to_have_text("Busy")
    expect(watched.page.locator("main")).to_be_focused()


def test_call_page_of_a_lost_session_becomes_the_sign_in_page(
    watched: Watched, ringing: Call
) -> None:
    watched.open(f"/calls/{ringing.public_id}")
    watched.context.clear_cookies()
    watched.page.clock.run_for(3_000)
    watched.page.wait_for_url(f"**/accounts/login/?next=/calls/{ringing.public_id}")
    assert watched.page.locator("main").count() == 1


@pytest.mark.parametrize("status", [500, 503, 429])
def test_call_page_asks_again_after_a_failure_but_not_at_once(
    watched: Watched, ringing: Call, status: int
) -> None:
    asked: list[str] = []

    def fail_twice(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) > 2:
            return route.fallback()
        return route.fulfill(status=status, headers={"Retry-After": "7"})

    watched.page.route("**/state?*", fail_twice)
    watched.open(f"/calls/{ringing.public_id}")
    change(ringing, state="answered", answered_at=timezone.now())
    for seconds, count in ((2, 1), (5, 1), (3, 2), (5, 2), (4, 3)):
        if count > len(asked):
            # The next wait begins when the page has read the answer.
            with watched.page.expect_response("**/state?*"):
                watched.page.clock.run_for(seconds * 1_000)
        else:
            watched.page.clock.run_for(seconds * 1_000)
        watched.page.wait_for_timeout(150)
        assert len(asked) == count
    expect(watched.page.locator("main").get_by_role("status")).to_have_text("In call")


def test_call_page_survives_a_lost_network(watched: Watched, ringing: Call) -> None:
    watched.open(f"/calls/{ringing.public_id}")
    watched.context.set_offline(True)
    watched.page.clock.run_for(2_000)
    watched.page.wait_for_timeout(150)
    watched.context.set_offline(False)
    change(ringing, state="answered", answered_at=timezone.now())
    watched.page.clock.run_for(5_000)
    expect(watched.page.locator("main").get_by_role("status")).to_have_text("In call")


def test_balance_follows_the_money_on_any_page(watched: Watched, alice: User) -> None:
    watched.open("/home")
    credit(alice.account, 5_000_000)
    watched.page.clock.run_for(31_000)
    expect(watched.page.locator(".app-balance strong")).to_have_text("$5.00")
    expect(watched.page.locator(".big-figure")).to_have_text("$5.00")


def test_payment_appears_as_soon_as_it_is_known(watched: Watched, alice: User) -> None:
    topup = paid_topup(alice, status="pending", paid_at=None)
    watched.open(f"/topup/{topup.public_id}")
    TopUp.objects.update(status="paid", paid_at=timezone.now())
    credit(alice.account, topup.amount_micros)
    watched.page.clock.run_for(4_000)
    expect(watched.page.get_by_text("$20.00 was added to your balance")).to_be_visible()
    expect(watched.page.locator(".app-balance strong")).to_have_text("$20.00")


def test_approval_page_says_when_its_code_ran_out(watched: Watched, alice: User) -> None:
    asked = start(Client())
    watched.open("/device")
    watched.page.get_by_label("Code").fill(asked["user_code"])
    watched.page.get_by_role("button", name="Continue").click()
    watched.page.wait_for_url("**/device/confirm")
    DeviceLogin.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    watched.page.clock.run_for(11_000)
    expect(watched.page.get_by_role("heading", level=1)).to_have_text("No longer valid")


@pytest.mark.parametrize("talked", [0, 59, 60, 61, 3_599, 3_700])
def test_clock_and_cost_count_on_by_the_prices_of_the_call(
    watched: Watched, ringing: Call, talked: int
) -> None:
    passed = 5
    now = timezone.now()
    change(
        ringing,
        state="answered",
        answered_at=now - timedelta(seconds=talked),
        bridged_at=now - timedelta(seconds=talked + 17),
        hold_micros=90_000_000,
    )
    watched.page.route("**/state*", lambda route: route.fulfill(status=304))  # only the page counts
    watched.open(f"/calls/{ringing.public_id}")
    clock = watched.page.locator("[data-clock]")
    at_first = int(clock.get_attribute("data-talk-seconds") or "")
    own_at_first = int(clock.get_attribute("data-own-seconds") or "")
    watched.page.clock.run_for(passed * 1_000 + 300)
    price = ringing.price
    micros = price.leg_a.cost_micros(own_at_first + passed)
    micros += price.leg_b.cost_micros(at_first + passed)
    expect(clock.locator("[data-clock-cost]")).to_have_text(format_money(micros))
    expect(clock.locator("[data-clock-time]")).to_have_text(format_duration(at_first + passed))
    assert own_at_first - at_first == 17
