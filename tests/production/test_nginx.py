"""nginx by the configuration of deploy/, in front of a web process that never answers."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dev.stack import free_port
from tests.production.nginx import NGINX, make_certificate, start_nginx

ASKED = b"GET / HTTP/1.1\r\nHost: mobayilo.com\r\n\r\n"
pytestmark = [
    pytest.mark.production,
    pytest.mark.skipif(NGINX is None, reason="not installed: nginx"),
]


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """The port of the site, on loopback, with a certificate of its own."""
    silent, port = socket.create_server(("127.0.0.1", 0), backlog=200), free_port()
    few = {"mobayilo_clients 100;": "mobayilo_clients 4;"}
    make_certificate(tmp_path)
    nginx = start_nginx(tmp_path, port=port, web_port=silent.getsockname()[1], changes=few)
    yield port
    nginx.terminate()
    nginx.wait(timeout=20)
    silent.close()


def connect(port: int) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for _ in range(100):
        try:
            plain = socket.create_connection(("127.0.0.1", port), timeout=30)
            return context.wrap_socket(plain)
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise TimeoutError("nginx did not start")


def test_client_that_drips_its_headers_is_cut_off(port: int) -> None:
    """Half a minute of headers, a byte a second; nginx answers nothing and closes."""
    with connect(port) as dripping:
        dripping.settimeout(1)
        for byte in ASKED[:30]:
            try:
                dripping.send(bytes([byte]))
                closed = dripping.recv(1)
                break
            except TimeoutError:
                closed = b"not yet"
            except OSError:
                closed = b""
                break
    assert closed == b""


def test_one_address_has_a_limit_of_requests_under_way(port: int) -> None:
    """Four instead of a hundred, so that a busy machine needs no longer than nginx waits."""
    with ExitStack() as clients:
        sockets = []
        for _ in range(6):
            sockets.append(clients.enter_context(connect(port)))
            sockets[-1].send(ASKED)
        answers = [client.recv(100) for client in sockets[4:]]
    assert all(b" 429 " in answer for answer in answers), answers
