"""Hosts, and proxies between them and moby."""

import json
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.cli import documents as d
from tests.cli.ports import closed_port
from tests.cli.program import Moby
from tests.cli.stubs import StubServer


def test_proxy_that_is_down_is_called_a_proxy(moby: Moby) -> None:
    ran = moby.process(
        "balance",
        MOBY_HOST="https://mobayilo.example",
        MOBY_TOKEN=d.TOKEN,
        HTTPS_PROXY=closed_port(),
    )
    assert ran.code == 3
    assert "proxy" in ran.stderr
    assert "HTTPS_PROXY" in ran.stderr


def test_loopback_goes_past_the_proxy_when_shown_to(moby: Moby, server: StubServer) -> None:
    server.on("GET", "balance", d.BALANCE)
    env = {"HTTP_PROXY": closed_port(), "NO_PROXY": "127.0.0.1", "MOBY_TOKEN": d.TOKEN}
    assert moby.process("balance", **env).code == 0


def test_forgotten_http_of_a_loopback_host_is_named(moby: Moby, server: StubServer) -> None:
    address = server.url.removeprefix("http://")
    ran = moby.run("balance", "--json", MOBY_HOST=address, MOBY_TOKEN=d.TOKEN)
    assert (ran.code, ran.error["code"]) == (3, "tls_error")
    assert f"write http://{address}." in ran.error["hint"]


class Proxy:
    """A proxy that keeps everything that it is sent, and lets nothing through."""

    def __init__(self) -> None:
        self.received = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                said = connection.recv(65536)
                if said == b"close":
                    return
                self.received += said
                connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    def close(self) -> None:
        with socket.create_connection(self._socket.getsockname()) as connection:
            connection.sendall(b"close")
        self._thread.join(timeout=10)
        self._socket.close()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    running = Proxy()
    yield running
    running.close()


VARIABLES = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        *[("localhost", [variable]) for variable in VARIABLES],
        ("LOCALHOST", VARIABLES),
        ("localhost.", VARIABLES),
        ("127.0.0.1", VARIABLES),
    ],
)
def test_server_on_this_machine_is_asked_without_the_proxy(
    moby: Moby,
    server: StubServer,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    variables: list[str],
) -> None:
    for variable in variables:
        monkeypatch.setenv(variable, proxy.url)
    server.on("GET", "balance", d.BALANCE)
    server.on("POST", "topups", d.TOPUP, status=201)
    env = {**dict.fromkeys(variables, proxy.url), "MOBY_TOKEN": d.TOKEN}
    host = server.url.replace("127.0.0.1", name)
    assert moby.run("balance", "--json", "--host", host, **env).json == d.BALANCE
    assert moby.run("topup", "20", "--json", "--host", host, **env).json == d.TOPUP
    assert proxy.received == b""


@pytest.mark.parametrize("name", ["127.9.9.9", "[::1]"])
def test_other_addresses_of_this_machine_go_past_the_proxy_too(
    moby: Moby, proxy: Proxy, name: str
) -> None:
    host = closed_port().replace("127.0.0.1", name)
    env = {**dict.fromkeys(VARIABLES, proxy.url), "MOBY_HOST": host, "MOBY_TOKEN": d.TOKEN}
    for words in (("balance",), ("topup", "20")):
        assert moby.process(*words, **env).code == 3
    assert proxy.received == b""


def test_proxy_sees_a_tunnel_and_no_token(moby: Moby, proxy: Proxy) -> None:
    env = dict.fromkeys(VARIABLES, proxy.url)
    env |= {"MOBY_HOST": "https://mobayilo.example", "MOBY_TOKEN": d.TOKEN}
    for words in (("balance",), ("topup", "20")):
        assert moby.process(*words, **env).code == 3
    assert proxy.received.startswith(b"CONNECT mobayilo.example:443 ")
    assert b"moby_" not in proxy.received
    assert b"uthorization" not in proxy.received


@pytest.mark.parametrize("host", ["http://mobayilo.example", "http://127.0.0.1.example"])
def test_token_never_leaves_this_machine_unencrypted(moby: Moby, proxy: Proxy, host: str) -> None:
    """Not even where a file names the host, which no command would have written there."""
    folder = moby.home / "config"
    folder.mkdir(mode=0o700)
    config = {"profiles": {"default": {"host": host, "logins": {host: {"storage": "file"}}}}}
    (folder / "config.json").write_text(json.dumps(config))
    token = {"tokens": {f"default {host}": d.TOKEN}}
    (folder / "credentials.json").write_text(json.dumps(token))
    (folder / "credentials.json").chmod(0o600)
    env = dict.fromkeys(VARIABLES, proxy.url)
    everywhere = moby.process("auth", "logout", "--all", **env)
    assert "not encrypted" in everywhere.stderr
    del moby.env["MOBY_HOST"]
    assert moby.process("balance", MOBY_TOKEN=d.TOKEN, **env).code == 2
    assert moby.process("balance", "--host", host, MOBY_TOKEN=d.TOKEN, **env).code == 2
    assert proxy.received == b""


@pytest.mark.parametrize(
    "host",
    [
        "https://a..b",
        "https://ä..b",
        f"https://{'a' * 64}.example",
        "https://user:pw@mobayilo.com",
        "https://mobayilo.com/api",
        "https://mobayilo.com?x=1",
        "https://mobayilo.com:port",
        "https://",
        "https://mobayilo.com\nx",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
    ],
)
def test_unusable_hosts_are_refused(moby: Moby, host: str) -> None:
    ran = moby.run("balance", "--host", host, "--json")
    assert ran.code == 2
    assert ran.error["code"] in ("bad_host", "insecure_host")


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("mobayilo.com", "https://mobayilo.com"),
        ("HTTPS://Mobayilo.COM:443/", "https://mobayilo.com"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://127.8.8.8", "http://127.8.8.8"),
    ],
)
def test_hosts_are_read_in_one_form(moby: Moby, text: str, host: str) -> None:
    assert moby.run("auth", "status", "--offline", "--json", "--host", text).json["host"] == host
