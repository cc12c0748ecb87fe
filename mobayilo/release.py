"""Versions of `moby` that this server knows."""

MOBY_LATEST = "0.1.0"
MOBY_OLDEST_SERVED = "0.1.0"
