"""Keeps the tests on this machine: a connection to any other address fails."""

import ipaddress
import socket

_connect = socket.socket.connect


def _guarded_connect(self: socket.socket, address: tuple[str, int] | str) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = str(address[0])
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise OSError(f"the tests stay on this machine, and this goes to {host}")
    _connect(self, address)


socket.socket.connect = _guarded_connect  # type: ignore[method-assign, assignment]  # the guard is the point
