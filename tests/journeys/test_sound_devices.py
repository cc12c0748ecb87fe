"""A call through the computer by sound devices of the system, as a person has them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright

from dev.customer import Customer
from dev.microphone import CHROMIUM
from dev.stack import Stack
from tests.journeys.computer import (
    CALLED_HZ,
    MICROPHONE_HZ,
    answering,
    call_from,
    leg_of,
    page_of,
    settled,
)
from tests.sandbox.conftest import wait_for
from tests.sound import loudest_hz
from tests.sound_server import MICROPHONE_NAME, PULSEAUDIO, SoundServer, running_sound_server

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("books_are_right"),
    pytest.mark.skipif(
        PULSEAUDIO is None,
        reason="PulseAudio is not installed (Debian: pulseaudio pulseaudio-utils)",
    ),
]


@pytest.fixture
def sound_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundServer]:
    with running_sound_server(tmp_path_factory.mktemp("sound")) as server:
        yield server


@pytest.fixture
def browser(playwright: Playwright, sound_server: SoundServer) -> Iterator[Browser]:
    """Chromium with the sound of the system, which Playwright would mute."""
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=["--no-sandbox", "--use-fake-ui-for-media-stream"],
        ignore_default_args=["--mute-audio"],
        env={**sound_server.env},
    )
    yield browser
    browser.close()


def test_both_sides_hear_the_other_by_devices_of_the_system(
    browser: Browser, sound_server: SoundServer, alice: Customer, stack: Stack
) -> None:
    with sound_server.speaking(MICROPHONE_HZ), answering(stack):
        page = page_of(alice, browser)
        call_id = call_from(page)
        sound = f"calls/{leg_of(stack, call_id)['sid']}/sound"
        page.get_by_label("Microphone", exact=True).select_option(label=MICROPHONE_NAME)
        wait_for(lambda: page.evaluate("document.querySelector('[data-talk-level]').value > 0"))
        wait_for(lambda: stack.control(sound).json()["frequency_hz"] == MICROPHONE_HZ)
        wait_for(lambda: loudest_hz(sound_server.heard()) == CALLED_HZ)
        page.get_by_role("button", name="Hang up").click()
        assert settled(alice, call_id)["state"] == "completed"
