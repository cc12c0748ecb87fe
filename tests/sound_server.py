"""A sound server whose microphone and speaker are no devices, but play and record files."""

import os
import shutil
import subprocess
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dev.microphone import tone_of
from dev.stack import wait_until
from sandbox.voice.sound import RATE

PULSEAUDIO = shutil.which("pulseaudio") and shutil.which("pacat")
FORMAT = ["--raw", "--format=s16le", f"--rate={RATE}", "--channels=1"]
PLAYED_SECONDS = 300
MICROPHONE_NAME = "Remapped Monitor of Null Output"  # PulseAudio's own, as a browser lists it


@dataclass
class SoundServer:
    """Two sinks of PulseAudio: what is played to `speech` is what the microphone hears."""

    env: dict[str, str]
    folder: Path

    @contextmanager
    def speaking(self, hz: int) -> Iterator[None]:
        """Have the microphone hear a tone that comes and goes."""
        path = self.folder / "speech.raw"
        path.write_bytes(array("h", tone_of(hz, rate=RATE)).tobytes() * PLAYED_SECONDS)
        command = ["pacat", "--playback", "--device=speech", *FORMAT, str(path)]
        with subprocess.Popen(command, env=self.env) as process:
            try:
                yield
            finally:
                process.terminate()

    def heard(self) -> list[int]:
        """Return what the speaker says in half a second."""
        command = ["pacat", "--record", "--device=speaker.monitor", "--latency-msec=20", *FORMAT]
        with subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE) as process:
            assert process.stdout
            recorded = process.stdout.read(RATE)  # of two bytes each
            process.terminate()
        return list(array("h", recorded))


@contextmanager
def running_sound_server(folder: Path) -> Iterator[SoundServer]:
    socket = folder / "socket"
    modules = [
        "module-null-sink sink_name=speaker",
        "module-null-sink sink_name=speech",
        # A browser takes no monitor of a sink for a microphone.
        "module-remap-source source_name=microphone master=speech.monitor",
        f"module-native-protocol-unix socket={socket} auth-anonymous=1",
    ]
    own = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PULSE_SERVER": f"unix:{socket}"}
    env = os.environ | own
    options = ["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"]
    loaded = [f"--load={module}" for module in modules]
    silent = subprocess.DEVNULL
    with subprocess.Popen(["pulseaudio", *options, *loaded], env=env, stderr=silent) as process:
        try:
            wait_until(socket.exists, "PulseAudio", seconds=60)
            for setting in ("set-default-sink speaker", "set-default-source microphone"):
                subprocess.run(["pactl", *setting.split()], env=env, check=True)
            yield SoundServer(env, folder)
        finally:
            process.terminate()
