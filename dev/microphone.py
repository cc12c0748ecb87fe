"""A browser whose microphone hears one tone, and that may use it without asking.

The tone comes and goes: a steady one is noise to the browser, which suppresses it within seconds.
"""

import math
import shutil
import wave
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the demo runs without it
    from playwright.sync_api import Browser, Playwright

# The same engine without windows takes half the work of a page.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
RATE = 48_000
LOUDNESS = 12_000


def tone_of(hz: int, *, rate: int) -> list[int]:
    """Return the samples of a second: a third of it is a tone, the rest is silence."""
    on = [round(LOUDNESS * math.sin(2 * math.pi * hz * n / rate)) for n in range(rate // 3)]
    return on + [0] * (rate - len(on))


def microphone_arguments(folder: Path, *, tone_hz: int) -> list[str]:
    """Write the tone to a file; return the arguments by which Chromium hears it over and over."""
    path = folder / "microphone.wav"
    samples = array("h", tone_of(tone_hz, rate=RATE))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return ["--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={path}"]


def launch_with_microphone(
    playwright: "Playwright", folder: Path, *, tone_hz: int, arguments: Sequence[str] = ()
) -> "Browser":
    """Start Chromium with a tone in place of the microphone."""
    all_arguments = [
        "--no-sandbox",
        *arguments,
        "--use-fake-ui-for-media-stream",
        *microphone_arguments(folder, tone_hz=tone_hz),
        "--autoplay-policy=no-user-gesture-required",
    ]
    return playwright.chromium.launch(executable_path=CHROMIUM, args=all_arguments)
