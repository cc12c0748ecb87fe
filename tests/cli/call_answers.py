"""Answers of the server about a call under way."""

from tests.cli import documents as d

RINGING = {**d.CALL, "state": "ringing", "status": "ringing", "version": 2}


ANSWERED = {
    **d.CALL,
    "state": "answered",
    "status": "answered",
    "version": 3,
    "answered_at": "2026-11-24T20:00:10Z",
}
