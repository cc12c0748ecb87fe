"""A call through the computer in Firefox, the other engine."""

from base64 import b64decode
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from dev.customer import Customer
from dev.stack import Stack
from tests.firefox import FIREFOX, Firefox, running_firefox
from tests.journeys.computer import (
    CALLED,
    CALLED_HZ,
    MICROPHONE_HZ,
    answering,
    digits_heard,
    hang_up_far_end,
    leg_of,
    settled,
)
from tests.sandbox.conftest import wait_for
from tests.sound import decoded, loudest_hz

# The page keeps its call to itself, so the SDK gives it to these too.
KEEP_CALL = """
  const { prototype } = Twilio.Device;
  const connect = prototype.connect;
  prototype.connect = async function (...given) {
    return (window.keptCall = await connect.apply(this, given));
  };
"""
PLACE = """
  const form = document.querySelector("form[data-talk]");
  return fetch(form.action, { method: "POST", body: new FormData(form) }).then(({ url }) => url);
"""
RECORD = """
  const recorder = new MediaRecorder(keptCall.getRemoteStream());
  const read = (blob, take) => {
    const reader = new FileReader();
    reader.onload = () => take(reader.result.split(",")[1]);
    reader.readAsDataURL(blob);
  };
  const recorded = new Promise((take) => {
    recorder.ondataavailable = ({ data }) => read(data, take);
  });
  recorder.start();
  setTimeout(() => recorder.stop(), 1000);
  return recorded;
"""
pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("books_are_right"),
    pytest.mark.skipif(FIREFOX is None, reason="Firefox is not installed (Debian: firefox-esr)"),
]


@pytest.fixture(scope="module")
def firefox(
    alice: Customer, stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Firefox]:
    """Alice's Firefox, signed in."""
    profile = tmp_path_factory.mktemp("firefox")
    tone = {"media.navigator.audio.fake_frequency": MICROPHONE_HZ}
    with answering(stack), running_firefox(profile, **tone) as firefox:
        firefox.open(f"{stack.web}/rates")
        for cookie in alice.browser.session.cookies:
            firefox.add_cookie(cookie.name, cookie.value or "")
        yield firefox


def press(firefox: Firefox, name: str) -> None:
    firefox.run(
        "[...document.querySelectorAll('main button')]"
        ".find((one) => one.textContent.trim() === arguments[0]).click()",
        name,
    )


def says(firefox: Firefox, words: str) -> None:
    """Return when the page says these words."""
    firefox.wait_for("document.querySelector('main').innerText.includes(arguments[0])", words)


def open_offer(firefox: Firefox, stack: Stack) -> None:
    firefox.open(f"{stack.web}/call?to={quote(CALLED)}")


def call_id_of(url: str) -> str:
    return url.rpartition("/")[2].partition("#")[0]


def test_both_sides_hear_the_other_in_firefox(
    firefox: Firefox, alice: Customer, stack: Stack
) -> None:
    open_offer(firefox, stack)
    page = firefox.run(PLACE)
    firefox.open(page)
    firefox.run(KEEP_CALL)
    press(firefox, "Talk")
    call_id = call_id_of(page)
    says(firefox, "You are talking.")
    sound = f"calls/{leg_of(stack, call_id)['sid']}/sound"
    wait_for(lambda: loudest_hz(decoded(b64decode(firefox.run(RECORD)))) == CALLED_HZ)
    wait_for(lambda: stack.control(sound).json()["frequency_hz"] == MICROPHONE_HZ)
    press(firefox, "5")
    wait_for(lambda: "5" in digits_heard(stack))
    press(firefox, "Mute")
    wait_for(lambda: stack.control(sound).json()["frequency_hz"] is None)
    hang_up_far_end(stack)
    says(firefox, "Receipt")
    call = settled(alice, call_id)
    assert call["state"] == "completed"
    assert [leg["to"] for leg in call["receipt"]["legs"]] == ["computer", CALLED]


def test_busy_number_ends_the_call_in_firefox(
    firefox: Firefox, alice: Customer, stack: Stack
) -> None:
    stack.control("numbers", {"number": CALLED, "outcome": "busy"})
    open_offer(firefox, stack)
    press(firefox, "Talk here")
    says(firefox, "The call has ended.")
    assert settled(alice, call_id_of(firefox.run("return location.href")))["state"] == "busy"
