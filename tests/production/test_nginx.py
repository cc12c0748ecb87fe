"""nginx by the configuration of deploy/, in front of a web process that never answers."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dev.stack import ROOT, free_port

NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
DEPLOY = ROOT / "deploy" / "nginx"
ASKED = b"GET / HTTP/1.1\r\nHost: mobayilo.com\r\n\r\n"
pytestmark = [
    pytest.mark.production,
    pytest.mark.skipif(NGINX is None, reason="not installed: nginx"),
]


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """The port of the site, on loopback, with a certificate of its own."""
    silent, port = socket.create_server(("127.0.0.1", 0), backlog=200), free_port()
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test"]
    files = ["-keyout", str(tmp_path / "privkey.pem"), "-out", str(tmp_path / "fullchain.pem")]
    subprocess.run([*request, *files], capture_output=True, check=True)
    (tmp_path / "mobayilo").mkdir()
    shutil.copy(DEPLOY / "proxy.conf", tmp_path / "mobayilo")
    site = (DEPLOY / "mobayilo.conf").read_text()
    for old, new in {
        "/etc/mobayilo/tls": str(tmp_path),
        "/var/log/nginx": str(tmp_path),
        "127.0.0.1:8000": f"127.0.0.1:{silent.getsockname()[1]}",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "mobayilo_clients 100;": "mobayilo_clients 4;",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen [::]:443 ssl;": "",
        "listen [::]:80;": "",
    }.items():
        site = site.replace(old, new)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid;\ndaemon off;\nevents {{}}\nhttp {{ access_log off;\n{site}\n}}\n"
    )
    options = ["-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "log")]
    nginx = subprocess.Popen([str(NGINX), *options])
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
