"""Calls from the page Call through the computer, with a microphone, in the running product."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from dev.customer import Customer
from dev.microphone import launch_with_microphone
from dev.stack import Stack
from tests.journeys.computer import (
    CALLED,
    MICROPHONE_HZ,
    answering,
    call_from,
    digits_heard,
    hang_up_far_end,
    leg_of,
    open_offer,
    page_of,
    settled,
    sign_in,
)
from tests.sandbox.conftest import wait_for
from tests.web.judge import judge, judge_of_customers
from tests.web.watched import PHONE, Watched

TEN_CLIENTS = """async () => {
  const { callId, tokenUrl, sandboxHost } = document.querySelector("[data-talk]").dataset;
  const { value } = document.querySelector("[name=csrfmiddlewaretoken]");
  const asked = await fetch(tokenUrl, { method: "POST", headers: { "X-CSRFToken": value } });
  const { token } = await asked.json();
  const one = async () => {
    const device = new Twilio.Device(token, { chunderw: sandboxHost, publishEvents: false });
    const call = await device.connect({ params: { call_id: callId } });
    const first = (event) => new Promise((resolve) => call.on(event, () => resolve(event)));
    return [call, await Promise.race([first("accept"), first("disconnect")])];
  };
  const begun = await Promise.all(Array.from({ length: 10 }, one));
  begun.forEach(([call]) => call.disconnect());
  return begun.map(([, news]) => news);
}"""
SHOW_WARNINGS = """() => {
  const all = "[data-talk-warning], [data-talk-say=refused]";
  document.querySelectorAll(all).forEach((one) => (one.hidden = false));
}"""
pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("books_are_right"),
]


@pytest.fixture(scope="module")
def browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("microphone")
    browser = launch_with_microphone(playwright, folder, tone_hz=MICROPHONE_HZ)
    yield browser
    browser.close()


@pytest.fixture
def page(browser: Browser, alice: Customer, stack: Stack) -> Iterator[Page]:
    with answering(stack):
        page = page_of(alice, browser)
        yield page
        page.context.close()


def test_both_sides_hear_the_other_and_the_receipt_has_both_legs(
    page: Page, alice: Customer, stack: Stack
) -> None:
    call_id = call_from(page)
    sound = f"calls/{leg_of(stack, call_id)['sid']}/sound"
    wait_for(lambda: stack.control(sound).json()["frequency_hz"] == MICROPHONE_HZ)
    page.keyboard.press("5")
    stack.control("advance", {"seconds": 60})
    with page.expect_request(f"**/calls/{call_id}/hangup"):
        page.get_by_role("button", name="Hang up").click()
    call = settled(alice, call_id)
    assert "5" in digits_heard(stack)
    assert (call["mode"], call["state"]) == ("computer", "completed")
    assert [leg["to"] for leg in call["receipt"]["legs"]] == ["computer", CALLED]
    assert Decimal(call["receipt"]["total"]) > 0


def test_page_that_talks_holds_what_the_design_promises(
    browser: Browser, alice: Customer, stack: Stack
) -> None:
    watched = Watched(browser, stack.web)
    sign_in(alice, watched.context)
    links: list[str] = []
    watched.page.on("websocket", lambda link: links.append(link.url))
    with answering(stack):
        open_offer(watched.page)
        wrong = judge(watched, "offers", looks=[(PHONE, "light"), (PHONE, "dark")])
        call_id = call_from(watched.page)
        watched.page.evaluate(SHOW_WARNINGS)
        wrong += judge_of_customers(watched, "talk")
        watched.page.get_by_role("button", name="Hang up").click()
        assert settled(alice, call_id)["state"] == "completed"
    assert wrong == watched.complaints == []
    assert links == [f"{stack.sandbox.replace('http', 'ws')}/signal"]
    watched.context.close()


def test_called_person_who_hangs_up_ends_it_on_the_page(
    page: Page, alice: Customer, stack: Stack
) -> None:
    call_id = call_from(page)
    hang_up_far_end(stack)
    expect(page.get_by_text("The call has ended.")).to_be_visible(timeout=60_000)
    assert settled(alice, call_id)["state"] == "completed"


def test_cut_connection_comes_back_on_the_page(page: Page, alice: Customer, stack: Stack) -> None:
    call_id = call_from(page)
    sid = leg_of(stack, call_id)["sid"]
    stack.control(f"calls/{sid}/cut", {})
    wait_for(lambda: stack.control(f"calls/{sid}/cut", {}).status_code == 200)
    wait_for(lambda: stack.control(f"calls/{sid}/sound").json()["frequency_hz"] == MICROPHONE_HZ)
    expect(page.get_by_text("You are talking.")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Hang up").click()
    assert settled(alice, call_id)["state"] == "completed"


def test_busy_number_ends_the_call_and_costs_nothing(
    page: Page, alice: Customer, stack: Stack
) -> None:
    stack.control("numbers", {"number": CALLED, "outcome": "busy"})
    open_offer(page)
    page.get_by_role("button", name="Talk here").click()
    expect(page.get_by_text("The call has ended.")).to_be_visible(timeout=60_000)
    stack.control("numbers", {"number": CALLED, "outcome": "answer"})
    call = settled(alice, page.url.rsplit("/", 1)[1].split("#")[0])
    assert (call["state"], call["receipt"]["total"]) == ("busy", "0.00")


def test_call_goes_on_after_a_session_that_ended_elsewhere_until_it_is_hung_up(
    page: Page, alice: Customer, stack: Stack
) -> None:
    call_id = call_from(page)
    page.context.clear_cookies(name="session")
    expect(page.get_by_text("You are signed out.")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="7", exact=True).click()
    wait_for(lambda: "7" in digits_heard(stack))
    expect(page.get_by_text("You are talking.")).to_be_visible()
    page.get_by_role("button", name="Hang up").click()
    page.wait_for_url("**/accounts/login/**")
    assert settled(alice, call_id)["state"] == "completed"


def test_page_of_a_call_that_ends_after_its_session_asks_to_sign_in(
    page: Page, alice: Customer, stack: Stack
) -> None:
    call_id = call_from(page)
    page.context.clear_cookies(name="session")
    expect(page.get_by_text("You are signed out.")).to_be_visible(timeout=60_000)
    hang_up_far_end(stack)
    page.wait_for_url(f"**/accounts/login/?next=/calls/{call_id}", timeout=60_000)


def test_reload_during_a_call_asks_first(page: Page, alice: Customer, stack: Stack) -> None:
    call_id = call_from(page)
    page.get_by_role("button", name="Mute").click()  # no browser asks for a page left untouched
    with page.expect_event("dialog", timeout=60_000) as asked:
        page.evaluate("setTimeout(() => location.reload())")
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    expect(page.get_by_text("You are talking.")).to_be_visible()
    assert leg_of(stack, call_id)["status"] == "in-progress"
    page.get_by_role("button", name="Hang up").click()
    assert settled(alice, call_id)["state"] == "completed"


def test_second_tab_of_a_browser_talks_once_the_first_has_ended(
    page: Page, alice: Customer
) -> None:
    call_from(page)
    second = page.context.new_page()
    open_offer(second)
    second.get_by_role("button", name="Talk here").click()
    expect(second.get_by_text("Another tab of this browser is in a call.")).to_be_visible()
    page.get_by_role("button", name="Hang up").click()
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible(timeout=60_000)
    second.get_by_role("button", name="Talk", exact=True).click()
    expect(second.get_by_text("You are talking.")).to_be_visible(timeout=60_000)
    second.get_by_role("button", name="Hang up").click()
    assert settled(alice, second.url.rsplit("/", 1)[1].split("#")[0])["state"] == "completed"


def test_refused_microphone_places_no_call_and_says_how_to_allow_it(
    page: Page, alice: Customer
) -> None:
    page.add_init_script("navigator.mediaDevices.getUserMedia = () => Promise.reject('refused')")
    open_offer(page)
    page.get_by_role("button", name="Talk here").click()
    expect(page.get_by_text("set Microphone to Allow")).to_be_visible()
    expect(page.get_by_role("button", name="Talk here")).to_be_enabled()
    expect(page.get_by_role("button", name="Ring my phone")).to_be_enabled()
    assert alice.moby("balance", "--json").json["held_cents"] == 0


def test_start_that_failed_can_be_tried_again(page: Page, alice: Customer) -> None:
    page.route("**/voice-token", lambda route: route.fulfill(status=503))
    open_offer(page)
    page.get_by_role("button", name="Talk here").click()
    expect(page.get_by_text("Check the network and try again")).to_be_visible(timeout=60_000)
    page.unroute("**/voice-token")
    page.get_by_role("button", name="Talk", exact=True).click()
    expect(page.get_by_text("You are talking.")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Hang up").click()  # right after the answer
    assert settled(alice, page.url.rsplit("/", 1)[1])["state"] == "completed"


def test_browser_that_dies_ends_the_call_and_its_hold(
    page: Page, alice: Customer, stack: Stack
) -> None:
    call_id = call_from(page)
    page.context.close()
    assert settled(alice, call_id)["state"] == "completed"
    assert alice.moby("balance", "--json").json["held_cents"] == 0


def test_of_ten_clients_with_one_call_one_talks(page: Page, alice: Customer, stack: Stack) -> None:
    """Ten devices of one page show the same right token and name the same call at once."""
    page.add_init_script("navigator.locks.request = () => new Promise(() => {})")  # no own start
    open_offer(page)
    page.get_by_role("button", name="Talk here").click()
    page.wait_for_url("**/calls/call_*")  # and its scripts
    news = page.evaluate(TEN_CLIENTS)
    call = settled(alice, page.url.rsplit("/", 1)[1].split("#")[0])
    assert sorted(news) == ["accept"] + ["disconnect"] * 9
    assert call["state"] == "completed"
