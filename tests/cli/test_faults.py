"""Requests without an answer: each fault over both carriers, in the same words."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli import documents as d
from tests.cli.certificates import write_certificate
from tests.cli.ports import closed_port
from tests.cli.program import Moby
from tests.cli.stubs import StubServer

# The first GET of a run goes over http.client, everything else over requests.
BOTH = pytest.mark.parametrize("words", [("balance",), ("caller-id", "default", "cid_1")])
Behaviour = Callable[[socket.socket], None]


class Peer:
    """A server on a socket that does one thing with each connection."""

    def __init__(self, behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self._behaviour = behaviour
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, self._secured(connection) as secured:
            self._behaviour(secured)
            # Closed with a part of the request unread, the connection would be reset, and the
            # client would not read what it was sent.
            secured.shutdown(socket.SHUT_WR)
            silent(secured)

    def _secured(self, connection: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(connection, server_side=True) if self._tls else connection

    def close(self) -> None:
        self._listener.close()


def silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def dripping(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.1)


def dead(connection: socket.socket) -> None:
    connection.recv(4096)


def breaking_off(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")


def speaking_ssh(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    connection.recv(4096)


def answering(status: str, body: bytes = b"<html>") -> Behaviour:
    def answer(connection: socket.socket) -> None:
        connection.recv(4096)
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + body)

    return answer


@pytest.fixture
def peer() -> Iterator[Callable[..., Peer]]:
    peers: list[Peer] = []

    def start(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> Peer:
        peers.append(Peer(behaviour, tls))
        return peers[-1]

    yield start
    for one in peers:
        one.close()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


FAULTS = [
    (silent, "timeout", "it did not answer in time"),
    (dripping, "timeout", "it did not answer in time"),
    (dead, "network_error", "the connection was closed without an answer"),
    (breaking_off, "network_error", "the answer broke off"),
    (speaking_ssh, "network_error", "something else answers there, not Mobayilo"),
]


@BOTH
@pytest.mark.parametrize(("behaviour", "code", "said"), FAULTS)
def test_fault_has_the_same_words_over_both_carriers(
    moby: Moby,
    peer: Callable[..., Peer],
    words: tuple[str, ...],
    behaviour: Behaviour,
    code: str,
    said: str,
) -> None:
    moby.try_seconds = 0.6
    host = f"http://{peer(behaviour).address}"
    ran = moby.run(*words, "--json", MOBY_HOST=host, MOBY_TOKEN=d.TOKEN)
    assert (ran.code, ran.error["code"]) == (3, code)
    assert ran.error["message"] == f"cannot reach {host}: {said}"
    assert ran.error["hint"]


@BOTH
@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("200 OK", "gave an answer that moby does not understand (HTTP 200)"),
        ("404 Not Found", "gave an answer that moby does not understand (HTTP 404)"),
        ("502 Bad Gateway", "is not working at the moment (HTTP 502)"),
        ("503 Service Unavailable", "is not working at the moment (HTTP 503)"),
    ],
)
def test_page_in_place_of_an_answer_is_no_network_fault(
    moby: Moby, peer: Callable[..., Peer], words: tuple[str, ...], status: str, said: str
) -> None:
    host = f"http://{peer(answering(status)).address}"
    ran = moby.run(*words, "--json", MOBY_HOST=host, MOBY_TOKEN=d.TOKEN)
    assert (ran.code, ran.error["code"]) == (3, "unexpected_answer")
    assert ran.error["message"].endswith(said)


@BOTH
def test_closed_port_and_unknown_name_have_words_of_their_own(
    moby: Moby, words: tuple[str, ...]
) -> None:
    refused = moby.run(*words, MOBY_HOST=closed_port(), MOBY_TOKEN=d.TOKEN).stderr
    assert ": nothing answers there\n" in refused
    assert "Is the server running" in refused
    unknown = moby.run(*words, MOBY_HOST="https://nowhere.invalid", MOBY_TOKEN=d.TOKEN).stderr
    assert "the name nowhere.invalid was not found" in unknown


def encrypted(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@BOTH
@pytest.mark.parametrize(
    ("options", "is_trusted", "said", "advice"),
    [
        ({"valid_days": (-9, -2)}, True, "its certificate has expired", "clock"),
        ({}, False, "its certificate is not trusted", "REQUESTS_CA_BUNDLE"),
        ({"address": "127.0.0.9"}, True, "its certificate is not for 127.0.0.1", "host right"),
    ],
)
def test_certificate_is_refused_with_its_reason(
    moby: Moby,
    peer: Callable[..., Peer],
    tmp_path: Path,
    words: tuple[str, ...],
    options: dict[str, object],
    is_trusted: bool,
    said: str,
    advice: str,
) -> None:
    certificate = write_certificate(tmp_path, **options)  # type: ignore[arg-type]  # of the table
    host = f"https://{peer(dead, encrypted(certificate)).address}"
    trusted = {"REQUESTS_CA_BUNDLE": str(certificate)} if is_trusted else {}
    ran = moby.run(*words, "--json", MOBY_HOST=host, MOBY_TOKEN=d.TOKEN, **trusted)
    assert (ran.code, ran.error["code"]) == (3, "tls_error")
    assert said in ran.error["message"]
    assert advice in ran.error["hint"]


@BOTH
def test_port_that_is_not_encrypted_is_named(
    moby: Moby, peer: Callable[..., Peer], words: tuple[str, ...]
) -> None:
    address = peer(answering("400 Bad Request")).address
    ran = moby.run(*words, "--json", MOBY_HOST=f"https://{address}", MOBY_TOKEN=d.TOKEN)
    assert (ran.code, ran.error["code"]) == (3, "tls_error")
    assert ran.error["message"].endswith("that port is not encrypted")
    assert ran.error["hint"] == f"If it is not encrypted, write http://{address}."


@BOTH
def test_folder_of_authorities_is_trusted(
    moby: Moby, tmp_path: Path, words: tuple[str, ...]
) -> None:
    certificate = write_certificate(tmp_path)
    folder = tmp_path / "authorities"
    folder.mkdir()
    (folder / "one.pem").write_bytes(certificate.read_bytes())
    subprocess.run(["openssl", "rehash", folder], check=True)
    server = StubServer(tls=encrypted(certificate))
    server.on("GET", "balance", d.BALANCE)
    server.on("POST", "caller-ids/cid_1/default", d.CALLER_ID)
    env = {"MOBY_HOST": server.url, "REQUESTS_CA_BUNDLE": str(folder), "MOBY_TOKEN": d.TOKEN}
    assert moby.run(*words, **env).code == 0
    server.forget()
    server.close()


@BOTH
@pytest.mark.parametrize(
    ("content", "said"), [(None, "which is not there"), (b"text", "it holds no certificate")]
)
def test_authorities_that_cannot_be_read_are_named(
    moby: Moby, words: tuple[str, ...], content: bytes | None, said: str
) -> None:
    file = moby.home / "roots.pem"
    if content is not None:
        file.write_bytes(content)
    env = {"MOBY_HOST": "https://127.0.0.1:9", "SSL_CERT_FILE": str(file), "MOBY_TOKEN": d.TOKEN}
    ran = moby.run(*words, "--json", **env)
    assert (ran.code, ran.error["code"], ran.error["retryable"]) == (2, "tls_error", False)
    assert f"SSL_CERT_FILE names {file}" in ran.error["message"]
    assert said in ran.error["message"]


PROXIES = [
    ("closed", 3, "cannot be reached: Connection refused", "NO_PROXY"),
    (
        "407 Proxy Authentication Required",
        2,
        "wants a user name and password (407)",
        "USER:PASSWORD",
    ),
    ("403 Forbidden", 3, "refused the connection (403 Forbidden)", "NO_PROXY"),
    (
        "socks5://127.0.0.1:9",
        2,
        "127.0.0.1:9 is a SOCKS proxy, which moby cannot use",
        "HTTP proxy",
    ),
    ("http://[nonsense", 2, "cannot be used as a proxy", "HTTPS_PROXY"),
]


@BOTH
@pytest.mark.parametrize(("proxy", "code", "said", "advice"), PROXIES)
def test_proxy_is_blamed_for_its_own_faults(
    moby: Moby,
    peer: Callable[..., Peer],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    proxy: str,
    code: int,
    said: str,
    advice: str,
) -> None:
    url = proxy if "://" in proxy else f"http://alice:secret@{peer(answering(proxy)).address}"
    if proxy == "closed":
        url = closed_port()
    monkeypatch.setenv("ALL_PROXY", url)
    env = {"MOBY_HOST": "https://mobayilo.example", "ALL_PROXY": url, "MOBY_TOKEN": d.TOKEN}
    ran = moby.run(*words, "--json", **env)
    assert (ran.code, ran.error["code"]) == (code, "proxy_error")
    assert said in ran.error["message"]
    assert advice in ran.error["hint"]
    assert "secret" not in ran.stderr


def test_tries_of_a_silent_server_end_together(moby: Moby, peer: Callable[..., Peer]) -> None:
    asked: list[float] = []

    def counting(connection: socket.socket) -> None:
        asked.append(time.monotonic())
        silent(connection)

    moby.try_seconds = 1.0
    host = f"http://{peer(counting).address}"
    assert moby.run("balance", MOBY_HOST=host, MOBY_TOKEN=d.TOKEN).code == 3
    assert len(asked) == 2  # a third one would go over the time of two


def test_fault_that_cannot_pass_is_tried_once(moby: Moby) -> None:
    roots = {"MOBY_HOST": "https://127.0.0.1:9", "REQUESTS_CA_BUNDLE": str(moby.home / "no.pem")}
    began = moby.clock.now()
    assert moby.run("balance", MOBY_TOKEN=d.TOKEN, **roots).code == 2
    assert moby.clock.now() == began  # a further try waits before
    assert moby.run("balance", MOBY_TOKEN=d.TOKEN, MOBY_HOST=closed_port()).code == 3
    assert moby.clock.now() > began


def test_waiting_and_each_new_try_are_shown_on_a_terminal(
    moby: Moby, peer: Callable[..., Peer]
) -> None:
    answers = iter(["502 Bad Gateway"])

    def first_down_then_silent(connection: socket.socket) -> None:
        status = next(answers, None)
        (answering(status) if status else silent)(connection)

    address = peer(first_down_then_silent).address
    child = moby.spawn("balance", MOBY_HOST=f"http://{address}", MOBY_TOKEN=d.TOKEN)
    child.expect_exact(f"{address} is busy (HTTP 502); trying again (2 of 3) …")
    child.expect(f"Waiting for {address}, try 2, 1 s")
    child.sendintr()
    child.expect("interrupted")
