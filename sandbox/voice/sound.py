"""Sound of a client's call, by WebRTC: the far end speaks a tone and remembers what it hears.

Needs aiortc, which the demo does not install; nothing else imports it.
"""

import asyncio
import cmath
import fractions
import math
import time
from array import array
from collections import deque
from collections.abc import Callable

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

RATE = 8000  # samples a second, of what is spoken and of what is kept
FRAME_SAMPLES = RATE // 50  # 20 ms, as telephones send it
KEPT_SECONDS = 2
WINDOW_SAMPLES = RATE // 4
LOUDNESS = 8000
PEAK = 32_768
QUIET = 0.01  # of the peak
FREQUENCIES_HZ = range(100, 2001, 10)


class Sound:
    """One WebRTC connection. `on_loss` is called when the client's end of it is gone."""

    def __init__(self, speaks_hz: Callable[[], int | None], on_loss: Callable[[], None]) -> None:
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._on_loss = on_loss
        self._samples: deque[int] = deque(maxlen=RATE * KEPT_SECONDS)
        self._heard_at = 0.0
        self._listening: asyncio.Task[None] | None = None
        self._peer.addTrack(Tone(speaks_hz))
        self._peer.add_listener("track", self._listen)
        self._peer.add_listener("connectionstatechange", self._look)

    async def connect(self, offer: str) -> str:
        """Return the answer to an offer, both as SDP."""
        await self._peer.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
        await self._peer.setLocalDescription(await self._peer.createAnswer())
        return self._peer.localDescription.sdp

    async def close(self) -> None:
        self._on_loss = lambda: None
        if self._listening is not None:
            self._listening.cancel()
        await self._peer.close()

    def heard(self) -> dict[str, float | None]:
        """Return the peak of the last two seconds and the frequency of their loudest part."""
        is_stale = time.monotonic() - self._heard_at > KEPT_SECONDS
        samples = [] if is_stale else list(self._samples)
        level = max(map(abs, samples), default=0) / PEAK
        starts = range(0, max(len(samples) - WINDOW_SAMPLES, 0) + 1, WINDOW_SAMPLES)
        windows = [samples[start : start + WINDOW_SAMPLES] for start in starts]
        loudest = max(windows, key=lambda window: sum(sample * sample for sample in window))
        tone = None if level < QUIET else max(FREQUENCIES_HZ, key=lambda hz: strength(loudest, hz))
        return {"level": round(level, 4), "frequency_hz": tone}

    def _look(self) -> None:
        if self._peer.connectionState in ("failed", "closed"):
            self._on_loss()

    def _listen(self, track: MediaStreamTrack) -> None:
        self._listening = asyncio.get_running_loop().create_task(self._keep(track))

    async def _keep(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            assert isinstance(frame, AudioFrame)  # noqa: S101 - for the type checker: a voice track
            samples = array("h", bytes(frame.planes[0]))
            step = len(frame.layout.channels) * frame.sample_rate // RATE
            self._samples.extend(samples[: frame.samples * len(frame.layout.channels) : step])
            self._heard_at = time.monotonic()


class Tone(MediaStreamTrack):
    """A tone of the pitch that `speaks_hz` names at the moment, or silence."""

    kind = "audio"

    def __init__(self, speaks_hz: Callable[[], int | None]) -> None:
        super().__init__()
        self._speaks_hz = speaks_hz
        self._started_at = 0.0
        self._sent_samples = 0

    async def recv(self) -> AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        self._started_at = self._started_at or time.monotonic()
        due = self._started_at + self._sent_samples / RATE
        await asyncio.sleep(due - time.monotonic())
        frame = AudioFrame(format="s16", layout="mono", samples=FRAME_SAMPLES)
        frame.planes[0].update(self._next_samples().tobytes())
        frame.sample_rate, frame.time_base = RATE, fractions.Fraction(1, RATE)
        frame.pts = self._sent_samples
        self._sent_samples += FRAME_SAMPLES
        return frame

    def _next_samples(self) -> "array[int]":
        turn = 2 * math.pi * (self._speaks_hz() or 0) / RATE
        begin = self._sent_samples
        return array(
            "h", (round(LOUDNESS * math.sin(turn * (begin + n))) for n in range(FRAME_SAMPLES))
        )


def strength(samples: list[int], hz: int) -> float:
    """Return how much of a tone there is, by Goertzel's algorithm."""
    turn = 2 * math.pi * hz / RATE
    factor, last, before = 2 * math.cos(turn), 0.0, 0.0
    for sample in samples:
        last, before = sample + factor * last - before, last
    return abs(last - cmath.exp(-1j * turn) * before)
