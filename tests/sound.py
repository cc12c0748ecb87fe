"""Recordings, and the tone that is in them."""

import io
from array import array

import av

from sandbox.voice.sound import FREQUENCIES_HZ, QUIET, RATE, WINDOW_SAMPLES, strength

PEAK = 32_768


def loudest_hz(samples: list[int]) -> int | None:
    """Return the tone of the end of a recording of `RATE` samples a second, None for silence."""
    end = samples[-WINDOW_SAMPLES:]
    if max(map(abs, end), default=0) < QUIET * PEAK:
        return None
    return max(FREQUENCIES_HZ, key=lambda hz: strength(end, hz))


def decoded(recording: bytes) -> list[int]:
    """Return the samples of a recording of a browser's."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    samples = array("h")
    with av.open(io.BytesIO(recording), "r") as container:
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                samples.frombytes(bytes(part.planes[0])[: 2 * part.samples])
    return list(samples)
