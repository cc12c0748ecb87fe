"""Firefox, driven by the protocol that it speaks itself: Debian packages no driver of it.

https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
"""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.stack import environment_without_proxies, wait_until

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
PATIENCE_SECONDS = 60
PREFERENCES: dict[str, bool | int | str] = {
    "marionette.port": 0,  # any that is free
    # No request leaves this machine: a proxy that is not there stands before all but localhost.
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    # A tone in place of a microphone, and sound by WebRTC to the same machine.
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
}


@dataclass
class Firefox:
    """One window."""

    link: socket.socket
    received: bytes = b""
    count: int = 0

    def begin(self) -> None:
        self._read()  # its greeting
        self._ask("WebDriver:NewSession", capabilities={})

    def open(self, url: str) -> None:
        self._ask("WebDriver:Navigate", url=url)

    def add_cookie(self, name: str, value: str) -> None:
        """Keep a cookie for the site of the page that is open."""
        self._ask("WebDriver:AddCookie", cookie={"name": name, "value": value})

    def run(self, script: str, *arguments: object) -> Any:  # noqa: ANN401 - what the script returns
        answer = self._ask("WebDriver:ExecuteScript", script=script, args=arguments)
        return answer["value"]

    def wait_for(self, condition: str, *arguments: object) -> None:
        """Return when an expression of the page's is true."""
        script = f"return Boolean({condition})"
        wait_until(lambda: self.run(script, *arguments), condition, seconds=PATIENCE_SECONDS)

    def _ask(self, command: str, **parameters: object) -> dict[str, Any]:
        self.count += 1
        sent = json.dumps([0, self.count, command, parameters]).encode()
        self.link.sendall(b"%d:%s" % (len(sent), sent))
        _, _, problem, answer = self._read()
        assert problem is None, f"{command}: {problem}"
        return dict(answer)

    def _read(self) -> Any:  # noqa: ANN401 - a document
        """Return the next message, which has its length and a colon before it."""
        while b":" not in self.received:
            self._receive()
        length, _, _rest = self.received.partition(b":")
        end = len(length) + 1 + int(length)
        while len(self.received) < end:
            self._receive()
        document, self.received = self.received[end - int(length) : end], self.received[end:]
        return json.loads(document)

    def _receive(self) -> None:
        more = self.link.recv(65_536)
        assert more, "Firefox has ended"
        self.received += more


@contextmanager
def running_firefox(profile: Path, **preferences: bool | int | str) -> Iterator[Firefox]:
    """Start Firefox without windows, with a profile of its own."""
    assert FIREFOX
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});"
        for name, value in {**PREFERENCES, **preferences}.items()
    ]
    (profile / "user.js").write_text("\n".join(lines))
    command = [FIREFOX, "--headless", "--no-remote", "--marionette", "--profile", str(profile)]
    env = environment_without_proxies() | {"HOME": str(profile)}
    silent = subprocess.DEVNULL
    process = subprocess.Popen(command, env=env, stdout=silent, stderr=silent)
    try:
        with socket.create_connection(("127.0.0.1", _port(profile)), timeout=60) as link:
            firefox = Firefox(link)
            firefox.begin()
            yield firefox
    finally:
        process.terminate()
        process.wait(timeout=30)


def _port(profile: Path) -> int:
    """Return the port that Firefox has written into its profile once it listens."""
    path = profile / "MarionetteActivePort"
    wait_until(
        lambda: path.exists() and path.read_text() != "", "Firefox", seconds=PATIENCE_SECONDS
    )
    return int(path.read_text())
