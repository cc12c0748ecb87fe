"""The product as our own scripts start it: past every proxy, and with a reason where it fails."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from dev.stack import Stack, direct_session, environment_without_proxies

DEAD = "http://127.0.0.1:9"


class Greeting(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Greeting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_session_of_our_scripts_goes_past_a_proxy(
    monkeypatch: pytest.MonkeyPatch, address: str, name: str
) -> None:
    monkeypatch.setenv(name, DEAD)
    with direct_session() as session:
        assert session.get(address, timeout=5).status_code == 204
    assert name not in environment_without_proxies()


def test_stack_that_cannot_start_shows_the_end_of_the_log(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    stack.smtp_port = 1 << 17  # no such port: the sandbox ends at once
    with pytest.raises(RuntimeError) as failure, stack:
        pass
    assert "The end of sandbox.log:" in str(failure.value)
    assert "port" in str(failure.value).splitlines()[-1]
