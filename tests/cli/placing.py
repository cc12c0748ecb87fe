"""Calls that the scripted server places and reports."""

from typing import Any

from tests.cli import documents as d
from tests.cli.stubs import StubServer

TALKED = {**d.COMPLETED, "cost": None, "receipt": None, "version": 4}

RINGING = {**d.CALL, "state": "ringing", "status": "ringing", "version": 2}


ANSWERED = {
    **d.CALL,
    "state": "answered",
    "status": "answered",
    "version": 3,
    "answered_at": "2026-11-24T20:00:10Z",
}


def place(server: StubServer, call: dict[str, Any] = d.CALL) -> None:
    server.on("POST", "quote", d.QUOTE)
    server.on("POST", "calls", call, status=201)


def then(server: StubServer, *calls: dict[str, Any]) -> None:
    for call in calls:
        server.on("GET", "calls/call_1", call)
