"""Addresses of servers that are not there."""

from dev.stack import free_port


def closed_port() -> str:
    """Return an address that refuses, with a port that the kernel gives to no other test."""
    return f"http://127.0.0.1:{free_port()}"
