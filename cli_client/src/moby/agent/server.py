"""The agent's server on this machine: the page, the page's requests, and those of commands.

It answers its own names only, so that a foreign name that is made to point here reaches nothing
(https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/). What acts
needs the secret of the run or of the page; the state of a call by its id needs none.
"""

import json
import os
import re
import secrets
import select
import socket
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import TYPE_CHECKING, Protocol

from moby import __version__
from moby.agent.peers import user_of_client
from moby.agent.run_file import ADDRESS
from moby.errors import MobyError

if TYPE_CHECKING:
    from moby.agent.phone import Phone, Report

_NAMES = (ADDRESS, "localhost")
_PAGE = Path(__file__).parent / "page"
_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/twilio.min.js": ("twilio.min.js", "text/javascript; charset=utf-8"),
    "/silence.wav": ("silence.wav", "audio/wav"),
}
_CALL_ID = r"call_\w{1,60}"
_CALL = re.compile(rf"/v1/calls/({_CALL_ID})")
_CALL_ACT = re.compile(rf"/v1/calls/({_CALL_ID})/(keys|mute|hangup)")
_POLL_SECONDS = 20.0
_MAX_BODY_BYTES = 65_536
_SILENT_SECONDS = 10.0  # for a client that connects and sends nothing
_STATUSES = {"agent_busy": 409, "agent_not_ready": 409, "not_found": 404, "usage": 400}
GATEWAYS = "wss://*.twilio.com"
LOCAL_GATEWAYS = "ws://127.0.0.1:* ws://localhost:*"


class Operations(Protocol):
    """The acts of the agent, for which commands ask."""

    phone: "Phone"
    secret: str
    gateways: str  # those that the page may connect to, as a policy names them

    def new_url(self) -> str: ...
    def look(self) -> "Report": ...
    def state_of(self, call_id: str) -> str | None: ...
    def watch(self, call_id: str) -> None: ...
    def start(self, call_id: str, order: dict[str, object]) -> None: ...
    def mute(self, call_id: str, muted: bool | None) -> dict[str, object]: ...
    def press(self, call_id: str, keys: str) -> None: ...
    def hang_up(self, call_id: str) -> None: ...
    def stop(self) -> None: ...


class RefusalError(Exception):
    """A request that this server does not carry out, with the HTTP status of the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Server(ThreadingHTTPServer):
    """Raise OSError if the port is taken."""

    daemon_threads = True

    def __init__(self, port: int, agent: Operations) -> None:
        super().__init__((ADDRESS, port), _Handler)
        self.agent = agent

    def server_bind(self) -> None:
        """Bind without asking for the name of the address, which may take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = ADDRESS, self.port

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None: ...  # client gone


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = _SILENT_SECONDS
    server_version = "moby-agent"
    sys_version = ""

    def do_GET(self) -> None:
        self._serve(self._get)

    def do_POST(self) -> None:
        self._serve(self._post)

    def log_message(self, *args: object) -> None: ...

    def _serve(self, answer: Callable[[], None]) -> None:
        """Run `answer` for a sender that may ask; send a refusal or an error as JSON."""
        try:
            self._check_sender()
            answer()
        except RefusalError as refusal:
            self._send_error(refusal.status, "refused", str(refusal))
        except MobyError as error:
            self._send_error(_STATUSES.get(error.code, 500), error.code, error.message)

    def _check_sender(self) -> None:
        """Raise RefusalError for a foreign name, another site's page, or another user's program."""
        ours = {f"{name}:{self.server.port}" for name in _NAMES}
        host = self.headers.get_all("Host") or []
        if len(host) != 1 or host[0].lower() not in ours:
            raise RefusalError(421, "This is a server of one machine, and has another name.")
        origin = self.headers.get("Origin")
        if origin is not None and origin != f"http://{host[0].lower()}":
            raise RefusalError(403, "Pages of other sites get nothing here.")
        if self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise RefusalError(403, "Pages of other sites get nothing here.")

    def _check_user(self) -> None:
        """Raise RefusalError for a program of another user, as far as the system shows."""
        user = user_of_client(int(self.client_address[1]), self.server.port)
        if user is not None and user != os.getuid():
            raise RefusalError(403, "Another user's agent.")

    def _get(self) -> None:
        path = self.path.partition("?")[0]
        agent = self.server.agent
        if match := _CALL.fullmatch(path):
            state = agent.state_of(match[1])
            if state is None:
                raise RefusalError(404, "No such call, or it has not begun.")
            self._send_json({"state": state})
        elif path in _FILES:
            self._check_user()
            name, kind = _FILES[path]
            self._send(200, (_PAGE / name).read_bytes(), kind)
        elif path == "/v1/agent":
            public: dict[str, object] = {"program": "moby agent", "version": __version__}
            self._send_json({**public, **agent.look()} if self._shows(agent.secret) else public)
        else:
            raise RefusalError(404, "There is no such page.")

    def _post(self) -> None:
        self._check_user()
        agent, body = self.server.agent, self._read()
        if self.path == "/v1/page" or self.path.startswith("/v1/page/"):
            self._post_of_page(agent.phone, body)
            return
        if not self._shows(agent.secret):
            raise RefusalError(401, "The secret of this run is needed.")
        if self.path == "/v1/calls":
            self._begin(agent, body)
        elif match := _CALL_ACT.fullmatch(self.path):
            self._act(agent, match[1], match[2], body)
        elif self.path == "/v1/pages":
            self._send_json({"url": agent.new_url()})
        elif self.path == "/v1/stop":
            self._send_json({"stopping": True})
            agent.stop()
        else:
            raise RefusalError(404, "There is no such address.")

    def _begin(self, agent: Operations, body: dict[str, object]) -> None:
        """Watch a call, and start it if it has a token for the page."""
        call_id = str(body.get("call_id"))
        if not re.fullmatch(_CALL_ID, call_id):
            raise RefusalError(400, "call_id is no call.")
        if "token" in body:
            order: dict[str, object] = {
                name: str(body.get(name, "")) for name in ("to", "token", "gateway")
            }
            agent.start(call_id, order)
        agent.watch(call_id)
        self._send_json({"call_id": call_id})

    def _act(self, agent: Operations, call_id: str, act: str, body: dict[str, object]) -> None:
        if act == "keys":
            agent.press(call_id, str(body.get("keys", "")))
        elif act == "hangup":
            agent.hang_up(call_id)
        else:
            muted = body.get("muted")
            self._send_json(agent.mute(call_id, muted if isinstance(muted, bool) else None))
            return
        self._send_json({"call_id": call_id})

    def _post_of_page(self, phone: "Phone", body: dict[str, object]) -> None:
        if self.path == "/v1/page":
            secret = phone.enter(str(body.get("code", "")))
            if secret is None:
                raise RefusalError(401, "This page was opened before, or too late.")
            self._send_json({"secret": secret})
            return
        shown = self._bearer()
        if not phone.is_page(shown):
            raise RefusalError(401, "Another page has taken over.")
        if self.path == "/v1/page/news":
            phone.report(body)
            self._send_json({})
        elif self.path == "/v1/page/orders":
            after = body.get("after")
            number = after if isinstance(after, int) else 0
            orders = phone.orders_after(
                number, shown, seconds=_POLL_SECONDS, is_gone=self._client_is_gone
            )
            self._send_json({"orders": orders})
        else:
            raise RefusalError(404, "There is no such address.")

    def _client_is_gone(self) -> bool:
        """Report whether the page has closed the connection on which it waits."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        try:
            return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def _read(self) -> dict[str, object]:
        if self.headers.get("Content-Type") != "application/json":
            raise RefusalError(415, "Send application/json.")
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > _MAX_BODY_BYTES:
            raise RefusalError(413, "The body is too long.")
        try:
            body = json.loads(self.rfile.read(int(length)) or b"{}")
        except ValueError as error:
            raise RefusalError(400, "The body is no JSON.") from error
        if not isinstance(body, dict):
            raise RefusalError(400, "The body is no object.")
        return body

    def _bearer(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _shows(self, secret: str) -> bool:
        """Return whether the request has the secret; the comparison takes the same time for any."""
        return secrets.compare_digest(self._bearer().encode(), secret.encode())

    def _send_json(self, document: dict[str, object], status: int = 200) -> None:
        self._send(status, json.dumps(document).encode(), "application/json")

    def _send_error(self, status: int, code: str, message: str) -> None:
        self._send_json({"error": {"code": code, "message": message}}, status)

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(HTTPStatus(status))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in self._headers_of_all().items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _headers_of_all(self) -> dict[str, str]:
        return {
            "Content-Security-Policy": (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
                "media-src 'self' blob:; "
                f"connect-src 'self' {self.server.agent.gateways}; "
                "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
            ),
            "Permissions-Policy": "microphone=(self)",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
