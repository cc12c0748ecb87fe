"""A browser whose microphone hears one tone, and that may use it without asking."""

import math
import wave
from array import array
from pathlib import Path

from playwright.sync_api import Browser, Playwright

from tests.web.conftest import ARGUMENTS, CHROMIUM

RATE = 48_000
LOUDNESS = 12_000


def launch_with_microphone(playwright: Playwright, folder: Path, *, tone_hz: int) -> Browser:
    """Start Chromium with a tone in place of the microphone, over and over."""
    path = folder / "microphone.wav"
    samples = (round(LOUDNESS * math.sin(2 * math.pi * tone_hz * n / RATE)) for n in range(RATE))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(array("h", samples).tobytes())
    arguments = [
        *ARGUMENTS,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={path}",
        "--autoplay-policy=no-user-gesture-required",
    ]
    return playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
