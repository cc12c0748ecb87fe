"""A small server that answers what a test scripted, once each, and holds it to the script."""

import json
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

API = "/api/cli/v1/"


@dataclass
class Received:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class Stub:
    method: str
    path: str
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    drops: bool = False
    delay_seconds: float = 0.0


class QuietServer(ThreadingHTTPServer):
    """Clients that hang up early or refuse a certificate are part of what is tested."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None: ...


class StubServer:
    """Each stub answers one request; an unexpected request or an unused stub fails the test."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._scheme = "https" if tls else "http"
        self.received: list[Received] = []
        self._stubs: list[Stub] = []
        self._unexpected: list[str] = []
        self._lock = threading.Lock()
        self._server = QuietServer(("127.0.0.1", 0), self._handler())
        if tls:
            # The handshake belongs to the thread of its connection, where a refusal harms no other.
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def on(
        self,
        method: str,
        path: str,
        answer: object = None,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        drops: bool = False,
        delay_seconds: float = 0.0,
    ) -> None:
        """The next answer to that request. Paths without a leading slash are those of the API."""
        whole = path if path.startswith("/") else API + path
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        if status in (204, 304):
            body = b""
        stub = Stub(method, whole, status, body, headers or {}, drops, delay_seconds)
        self._stubs.append(stub)

    def refuse(self, method: str, path: str, status: int, code: str, **more: object) -> None:
        """An error answer in the shape of the API."""
        error = {"code": code, "message": f"It says {code}.", "hint": "Do this.", "details": {}}
        self.on(method, path, {"error": {**error, "request_id": "req_1", **more}}, status=status)

    def forget(self) -> None:
        """Drop the stubs that are left, where a test offered more than could be used."""
        self._stubs.clear()

    def paths(self) -> list[str]:
        return [f"{r.method} {r.path.removeprefix(API)}" for r in self.received]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        unused = [f"{stub.method} {stub.path}" for stub in self._stubs]
        assert not self._unexpected, f"nobody scripted {self._unexpected}"
        assert not unused, f"nobody asked for {unused}"

    def _take(self, received: Received) -> Stub | None:
        with self._lock:
            self.received.append(received)
            wanted = (received.method, received.path)
            for stub in self._stubs:
                if (stub.method, stub.path) == wanted:
                    self._stubs.remove(stub)
                    return stub
            self._unexpected.append(f"{received.method} {received.path}")
            return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def _handle(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                received = Received(
                    self.command,
                    parts.path,
                    parse_qs(parts.query),
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(length),
                )
                stub = server._take(received)
                self._answer(stub or Stub("", "", 418, b"not scripted"))

            def _answer(self, stub: Stub) -> None:
                if stub.delay_seconds:
                    time.sleep(stub.delay_seconds)
                if stub.drops:
                    self.connection.close()
                    return
                self.send_response(stub.status)
                headers = {"Content-Type": "application/json", "X-Request-Id": "req_9"}
                for name, value in {**headers, **stub.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(stub.body)))
                self.end_headers()
                self.wfile.write(stub.body)

            do_GET = do_POST = do_DELETE = _handle  # noqa: N815  # the names that http.server calls

            def log_message(self, *args: object) -> None: ...

        return Handler
