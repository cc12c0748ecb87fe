"""Servers that are away, slow, or somebody else, and proxies."""

import json
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.cli import documents as d
from tests.cli.conftest import Moby
from tests.cli.ports import closed_port
from tests.cli.stubs import StubServer


@pytest.mark.parametrize("words", [("balance",), ("calls", "hangup", "call_1"), ("auth", "status")])
def test_server_that_is_down_ends_in_three(moby: Moby, words: tuple[str, ...]) -> None:
    ran = moby.run(*words, MOBY_HOST=closed_port(), MOBY_TOKEN=d.TOKEN)
    assert ran.code == 3
    assert ran.stderr.startswith("moby: cannot reach http://127.0.0.1")
    assert "Connection refused" in ran.stderr


def test_name_that_does_not_exist_is_named(moby: Moby) -> None:
    ran = moby.run("balance", "--json", MOBY_HOST="https://nowhere.invalid", MOBY_TOKEN=d.TOKEN)
    assert ran.code == 3
    assert ran.error["code"] == "network_error"


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b"", b"[1]", b'{"other": 1}', b"\xff"])
def test_answer_that_is_no_answer_ends_in_three(
    moby: Moby, server: StubServer, body: bytes
) -> None:
    server.on("GET", "balance", body)
    ran = moby.run("balance", "--json", MOBY_TOKEN=d.TOKEN)
    assert (ran.code, ran.error["code"]) == (3, "unexpected_answer")
    assert ran.error["request_id"] == "req_9"


def test_html_of_a_failing_proxy_ends_in_three(moby: Moby, server: StubServer) -> None:
    for _ in range(3):
        server.on("GET", "balance", b"<html>", status=502, headers={"Content-Type": "text/html"})
    assert moby.run("balance", MOBY_TOKEN=d.TOKEN).code == 3


def test_read_is_repeated_after_a_lost_connection(moby: Moby, server: StubServer) -> None:
    server.on("GET", "balance", drops=True)
    server.on("GET", "balance", d.BALANCE)
    assert moby.run("balance", "--json", MOBY_TOKEN=d.TOKEN).json == d.BALANCE


def test_write_is_repeated_with_its_key(moby: Moby, server: StubServer) -> None:
    server.on("POST", "topups", drops=True)
    server.on("POST", "topups", d.TOPUP, status=201)
    words = ("topup", "20", "--json", "--idempotency-key", "mine-1")
    assert moby.run(*words, MOBY_TOKEN=d.TOKEN).code == 0
    assert [r.headers["idempotency-key"] for r in server.received] == ["mine-1", "mine-1"]


def test_write_without_a_key_is_never_repeated(moby: Moby, server: StubServer) -> None:
    server.on("POST", "caller-ids/cid_1/default", drops=True)
    assert moby.run("caller-id", "default", "cid_1", MOBY_TOKEN=d.TOKEN).code == 3
    assert len(server.received) == 1


def test_hanging_up_is_repeated_since_it_changes_nothing_more(
    moby: Moby, server: StubServer
) -> None:
    server.on("POST", "calls/call_1/hangup", drops=True)
    server.on("POST", "calls/call_1/hangup", d.CALL)
    assert moby.run("calls", "hangup", "call_1", MOBY_TOKEN=d.TOKEN).code == 0


def test_retry_after_is_honoured(moby: Moby, server: StubServer) -> None:
    error = {"error": {"code": "throttled", "message": "Slow."}}
    server.on("GET", "balance", error, status=429, headers={"Retry-After": "7"})
    server.on("GET", "balance", d.BALANCE)
    assert moby.run("balance", MOBY_TOKEN=d.TOKEN).code == 0
    assert moby.clock.slept == [7.0]


def test_long_retry_after_is_left_to_the_person(moby: Moby, server: StubServer) -> None:
    error = {"error": {"code": "throttled", "message": "Slow.", "hint": "Later."}}
    server.on("GET", "balance", error, status=429, headers={"Retry-After": "600"})
    ran = moby.run("balance", MOBY_TOKEN=d.TOKEN)
    assert (ran.code, moby.clock.slept) == (3, [])


def test_redirect_is_not_followed_with_the_token(moby: Moby, server: StubServer) -> None:
    away = {"Location": f"{server.url}/elsewhere"}
    server.on("GET", "balance", b"", status=302, headers=away)
    server.on("POST", "topups", b"", status=307, headers=away)
    assert moby.run("balance", MOBY_TOKEN=d.TOKEN).code == 3
    assert moby.run("topup", "20", MOBY_TOKEN=d.TOKEN).code == 3
    assert server.paths() == ["GET balance", "POST topups"]


def test_netrc_does_not_replace_the_token(moby: Moby, server: StubServer) -> None:
    netrc = moby.home / ".netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    netrc.chmod(0o600)
    server.on("POST", "topups", d.TOPUP, status=201)
    server.on("GET", "balance", d.BALANCE)
    assert moby.process("topup", "20", MOBY_TOKEN=d.TOKEN).code == 0
    assert moby.process("balance", MOBY_TOKEN=d.TOKEN).code == 0
    assert {r.headers["authorization"] for r in server.received} == {f"Bearer {d.TOKEN}"}


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


def test_loopback_goes_past_the_proxy_when_told_to(moby: Moby, server: StubServer) -> None:
    server.on("GET", "balance", d.BALANCE)
    env = {"HTTP_PROXY": closed_port(), "NO_PROXY": "127.0.0.1", "MOBY_TOKEN": d.TOKEN}
    assert moby.process("balance", **env).code == 0


def test_forgotten_http_of_a_loopback_host_is_named(moby: Moby, server: StubServer) -> None:
    address = server.url.removeprefix("http://")
    ran = moby.run("balance", "--json", MOBY_HOST=address, MOBY_TOKEN=d.TOKEN)
    assert (ran.code, ran.error["code"]) == (3, "tls_error")
    assert f"write http://{address}." in ran.error["hint"]


@pytest.mark.parametrize("words", [("balance",), ("calls", "hangup", "call_1")])
def test_certificates_that_cannot_be_read_end_in_three(moby: Moby, words: tuple[str, ...]) -> None:
    missing = str(moby.home / "missing.pem")
    env = {"MOBY_HOST": "https://127.0.0.1:9", "REQUESTS_CA_BUNDLE": missing}
    ran = moby.run(*words, MOBY_TOKEN=d.TOKEN, **env)
    assert ran.code == 3
    assert "moby: " in ran.stderr


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
