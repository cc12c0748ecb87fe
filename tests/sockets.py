"""Keeps the tests on this machine: other addresses fail, and no proxy stands between."""

import ipaddress
import os
import socket

from dev.stack import environment_without_proxies

for name in os.environ.keys() - environment_without_proxies().keys():
    del os.environ[name]

_connect = socket.socket.connect


def _guarded_connect(self: socket.socket, address: tuple[str, int] | str) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = str(address[0])
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise OSError(f"the tests stay on this machine, and this goes to {host}")
    _connect(self, address)


socket.socket.connect = _guarded_connect  # type: ignore[method-assign, assignment]  # the guard is the point
