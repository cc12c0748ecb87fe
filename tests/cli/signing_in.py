"""Signing in to the stub of the server, and its answers."""

from typing import Any

from tests.cli import documents as d
from tests.cli.program import Moby
from tests.cli.stubs import StubServer

FILE = "--insecure-storage"
START, TOKEN, CANCEL = (
    "/oauth/device_authorization",
    "/oauth/token",
    "/oauth/device_authorization/cancel",
)


def pending(server: StubServer, error: str = "authorization_pending", **more: Any) -> None:
    server.on("POST", TOKEN, {"error": error}, status=400, **more)


def granted(server: StubServer) -> None:
    server.on("POST", TOKEN, d.GRANTED)
    server.on("GET", "status", d.STATUS)


def sign_in(moby: Moby, server: StubServer, *words: str) -> None:
    server.on("POST", START, d.DEVICE)
    granted(server)
    assert moby.run("auth", "login", FILE, *words).code == 0
