"""A running sandbox, a receiver of its webhooks, and the official SDKs pointed at it."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import stripe
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped] # no types
from twilio.http.response import Response  # type: ignore[import-untyped] # the SDK has no types
from twilio.rest import Client  # type: ignore[import-untyped] # the SDK has no types

T = TypeVar("T")
ACCOUNT_SID = "AC" + "1" * 32
SERVICE_SID = "VA" + "2" * 32
AUTH_TOKEN = "sandbox-tests-auth-token"
API_KEY_SID = "SK" + "3" * 32
API_KEY_SECRET = "sandbox-tests-secret-of-the-api-key"
TWIML_APP_SID = "AP" + "4" * 32
STRIPE_KEY = "sk_test_sandbox_tests"
WEBHOOK_SECRET = "whsec_sandbox_tests"
OUR_NUMBER = "+12025550100"
ALICE = "+447400123456"
CHARLIE = "+442079460018"

CREDENTIALS = {
    "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
    "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
    "TWILIO_VERIFY_SERVICE_SID": SERVICE_SID,
    "TWILIO_FROM_NUMBER": OUR_NUMBER,
    "TWILIO_API_KEY_SID": API_KEY_SID,
    "TWILIO_API_KEY_SECRET": API_KEY_SECRET,
    "TWILIO_TWIML_APP_SID": TWIML_APP_SID,
    "STRIPE_API_KEY": STRIPE_KEY,
    "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
}


@dataclass(kw_only=True)
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def fields(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class Receiver:
    """The product's side: keeps what arrives, and answers what the test says for a path."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)

    def at(self, path: str) -> list[Received]:
        return [one for one in self.received if urlsplit(one.path).path == path]

    def statuses(self, path: str = "/status") -> list[str]:
        return [one.fields["CallStatus"] for one in self.at(path)]

    def serve(self) -> ThreadingHTTPServer:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                receiver.received.append(
                    Received(
                        method=self.command, path=self.path, headers=dict(self.headers), body=body
                    )
                )
                status, text = receiver.answers.get(urlsplit(self.path).path, (200, ""))
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST  # noqa: N815 - http.server's name

            def log_message(self, *_args: object) -> None:
                return

        class Server(ThreadingHTTPServer):
            # A webhook is sent once; of many at once a busy machine would refuse those past five.
            request_queue_size = 128

        return Server(("127.0.0.1", 0), Handler)


class SandboxTransport(TwilioHttpClient):  # type: ignore[misc] # the SDK has no types
    """A client that sends the host as the first part of the path, as the sandbox expects."""

    def __init__(self, base_url: str) -> None:
        super().__init__(timeout=10)
        self.base_url = base_url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return super().request(
            method, f"{self.base_url}/{parts.hostname}{parts.path}{query}", *args, **kwargs
        )


@dataclass
class Sandbox:
    http: str
    smtp: int

    def get(self, path: str, /, **params: str) -> dict[str, Any]:
        answer = requests.get(f"{self.http}/control/{path}", params=params, timeout=10)
        answer.raise_for_status()
        content: dict[str, Any] = answer.json()
        return content

    def post(self, path: str, /, **content: object) -> dict[str, Any]:
        answer = requests.post(f"{self.http}/control/{path}", json=content, timeout=30)
        answer.raise_for_status()
        outcome: dict[str, Any] = answer.json()
        return outcome

    def wait_until_idle(self) -> None:
        wait_for(lambda: self.get("idle")["idle"])

    @contextmanager
    def slowed(self) -> Iterator[None]:
        """Slow the clock, so that a busy machine is in time to act before a phone gives up."""
        self.post("speed", speed=3)
        yield
        self.post("speed", speed=100)

    @property
    def twilio(self) -> Client:
        # A non-empty environment: an empty one falls back to this process's own.
        return Client(
            ACCOUNT_SID,
            AUTH_TOKEN,
            http_client=SandboxTransport(self.http),
            environment={"_": ""},
        )

    @property
    def stripe(self) -> stripe.StripeClient:
        bases: Any = {"api": self.http}
        return stripe.StripeClient(
            STRIPE_KEY,
            base_addresses=bases,
            max_network_retries=1,
            http_client=stripe.RequestsClient(timeout=10),
        )


def wait_for(condition: Callable[[], T], seconds: float = 60.0) -> T:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if outcome := condition():
            return outcome
        time.sleep(0.02)
    raise AssertionError("It did not happen in time")


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """Serve a receiver in a thread of its own."""
    receiver = Receiver()
    server = receiver.serve()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def _receiver() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def _sandbox(_receiver: Receiver) -> Iterator[Sandbox]:
    with running_sandbox(_receiver) as sandbox:
        yield sandbox


@contextmanager
def running_sandbox(receiver: Receiver, **settings: str) -> Iterator[Sandbox]:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--smtp-port", "0"]
    process = subprocess.Popen(
        [*command, "--web-url", receiver.url],
        env=os.environ | CREDENTIALS | settings,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield Sandbox(**json.loads(process.stdout.readline()))
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0
        process.stdout.close()


@pytest.fixture
def receiver(_receiver: Receiver) -> Receiver:
    _receiver.received.clear()
    _receiver.answers.clear()
    return _receiver


@pytest.fixture
def sandbox(_sandbox: Sandbox, receiver: Receiver) -> Sandbox:
    """As if it had just been started, at a speed that tests can wait for."""
    _sandbox.post("reset")
    _sandbox.post("speed", speed=100)
    return _sandbox
