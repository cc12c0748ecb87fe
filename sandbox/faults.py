"""Faults of the providers' REST answers, and the record of every exchange."""

import asyncio
import fnmatch
import json
import random
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

KINDS = ("429", "500", "503", "slow", "altered", "timeout", "close", "empty", "malformed", "html")
HONEST = ("slow", "altered")
KEPT = 20_000
TWILIO_429 = (
    b'{"code":20429,"message":"Too Many Requests","status":429,'
    b'"more_info":"https://www.twilio.com/docs/errors/20429"}'
)
TWILIO_5XX = b'{"code":20500,"message":"Internal Server Error","status":%d,"more_info":""}'
STRIPE_429 = (
    b'{"error":{"type":"invalid_request_error","code":"rate_limit",'
    b'"message":"Request rate limit exceeded."}}'
)
STRIPE_5XX = b'{"error":{"type":"api_error","message":"An unknown error occurred."}}'


def provider_of(path: str) -> str | None:
    """The provider whose API this path belongs to; None for pages and the control API."""
    if path.startswith("/v1/"):
        return "stripe"
    return "twilio" if path.split("/")[1].endswith(".twilio.com") else None


@dataclass(kw_only=True)
class Fault:
    """`when` is "after" where the provider did the work and only its answer is lost. `share` is
    how many of the requests that match have it, by chance.

    A "slow" answer is honest, and only late by `seconds`, or until the faults are cleared; an
    "altered" one has other `fields`. The work of both is done at once.
    """

    kind: str
    provider: str = "*"
    method: str = "*"
    path: str = "*"
    when: str = "before"
    times: int | None = 1
    share: float = 1.0
    seconds: float = 60.0
    fields: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.when not in ("before", "after"):
            raise ValueError(f"kind must be one of {', '.join(KINDS)}; when, before or after")

    def matches(self, provider: str, method: str, path: str) -> bool:
        return self.times != 0 and all(
            fnmatch.fnmatchcase(value, pattern)
            for value, pattern in (
                (provider, self.provider),
                (method, self.method),
                (path, self.path),
            )
        )

    def strikes(self) -> bool:
        return self.share >= 1 or random.random() < self.share  # noqa: S311 - luck, no secret


@dataclass(kw_only=True)
class Answer:
    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def collect(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", []))
        else:
            self.body += message.get("body", b"")

    def altered(self, fields: dict[str, Any]) -> "Answer":
        """The same JSON with some fields replaced."""
        if not fields:
            return self
        body = json.dumps(json.loads(self.body) | fields).encode()
        kept = [header for header in self.headers if header[0].lower() != b"content-length"]
        length = (b"content-length", str(len(body)).encode())
        return Answer(status=self.status, headers=[*kept, length], body=body)

    async def send_to(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


def broken_answer(fault: Fault, provider: str, honest: Answer | None) -> Answer:
    """Return the faulty answer; a broken body keeps the status of the true answer."""
    status = honest.status if honest else 200
    if fault.kind.isdigit():
        status = int(fault.kind)
        if provider == "twilio":
            body = TWILIO_429 if status == 429 else TWILIO_5XX % status
        else:
            body = STRIPE_429 if status == 429 else STRIPE_5XX
        kind = b"application/json"
    else:
        body, kind = {
            "empty": (b"", b"application/json"),
            "malformed": (b'{"sid": "CA12', b"application/json"),
            "html": (b"<html><body><h1>Bad gateway</h1></body></html>", b"text/html"),
        }[fault.kind]
    length = str(len(body)).encode()
    headers = [(b"content-type", kind), (b"content-length", length)]
    return Answer(status=status, headers=headers, body=body)


class Faults:
    """ASGI middleware around the providers' APIs."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.exchanges: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._cleared = asyncio.Event()

    def reset(self) -> None:
        self.clear()
        self.exchanges.clear()

    def clear(self) -> None:
        """Forget every fault, and send the answers that are late."""
        self.faults.clear()
        self._cleared.set()
        self._cleared = asyncio.Event()

    def around(self, app: ASGIApp) -> ASGIApp:
        async def record(scope: Scope, receive: Receive, send: Send) -> None:
            provider = provider_of(scope["path"]) if scope["type"] == "http" else None
            if provider is None:
                await app(scope, receive, send)
            else:
                await self._exchange(app, provider, scope, receive, send)

        return record

    async def _exchange(
        self, app: ASGIApp, provider: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        body = await read_body(receive)
        fault = self._take(provider, scope["method"], scope["path"])
        honest: Answer | None = None
        if fault is None or fault.when == "after" or fault.kind in HONEST:
            honest = Answer()
            await app(scope, replay(body), honest.collect)
        self._note(provider, scope, body, honest, fault)
        if fault is None or fault.kind in HONEST:
            assert honest is not None  # noqa: S101 - for the type checker: it ran
            if fault is not None and fault.kind == "slow":
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._cleared.wait(), fault.seconds)
            await (honest.altered(fault.fields) if fault else honest).send_to(send)
        elif fault.kind in ("timeout", "close"):
            if fault.kind == "timeout":
                await wait_for_disconnect(receive, fault.seconds)
            scope["state"]["transport"].abort()
            await wait_for_disconnect(receive, 1.0)
        else:
            await broken_answer(fault, provider, honest).send_to(send)

    def _take(self, provider: str, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.matches(provider, method, path) and fault.strikes():
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    def _note(
        self, provider: str, scope: Scope, body: bytes, answer: Answer | None, fault: Fault | None
    ) -> None:
        query = scope["query_string"].decode()
        host, _, path = scope["path"][1:].partition("/") if provider == "twilio" else ("", "", "")
        path = f"/{path}" if provider == "twilio" else scope["path"]
        self.exchanges.append(
            {
                "provider": provider,
                "host": host or "api.stripe.com",
                "method": scope["method"],
                "path": path + (f"?{query}" if query else ""),
                "body": body.decode(errors="replace"),
                "status": answer.status if answer else None,
                "response": answer.body.decode(errors="replace") if answer else None,
                "fault": fault.kind if fault else None,
            }
        )


async def read_body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


def replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def wait_for_disconnect(receive: Receive, seconds: float) -> None:
    async def disconnected() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(disconnected(), seconds)
    except TimeoutError:
        return
