"""Instants as the API writes them."""

from datetime import UTC, datetime


def rfc3339(instant: datetime) -> str:
    """Return an instant as `2026-11-24T20:40:00Z`, in UTC, to the second."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
