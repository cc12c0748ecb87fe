"""The courier: carries every request from a provider to the product, and keeps a record of it.

Rules made through the control API drop, repeat, delay or hold what matches; held ones are released
in any order.
"""

import asyncio
import fnmatch
import ipaddress
import logging
import ssl
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urldefrag, urlsplit

import httpx

from sandbox.clock import Clock
from sandbox.ids import stripe_id

log = logging.getLogger(__name__)

ACTIONS = ("drop", "duplicate", "delay", "hold")
KEPT = 50_000
LINES = 64


@dataclass(frozen=True, kw_only=True)
class Attempt:
    at: str
    seconds: float
    status: int | None = None
    error: str | None = None
    text: str = ""

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(kw_only=True)
class Webhook:
    """`sign` makes the headers at the moment of sending: Stripe signs the time too."""

    kind: str
    url: str
    body: bytes
    content_type: str
    sign: Callable[[], dict[str, str]]
    method: str = "POST"
    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    retry_delays: tuple[float, ...] = ()
    should_retry: Callable[[Attempt], bool] = lambda attempt: not attempt.succeeded
    id: str = field(default_factory=lambda: stripe_id("wh", 16))
    state: str = "queued"
    attempts: list[Attempt] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "method": self.method,
            "url": self.url,
            "body": self.body.decode(),
            "state": self.state,
            "attempts": [vars(attempt) for attempt in self.attempts],
        }


@dataclass(kw_only=True)
class Rule:
    pattern: str
    action: str
    times: int | None = None
    delay_seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(f"action must be one of {', '.join(ACTIONS)}")


def open_lines() -> list[httpx.AsyncClient]:
    """Clients of one connection each: a shared pool looks at every connection for every request."""
    limits, context = httpx.Limits(max_connections=1), ssl.create_default_context()
    return [httpx.AsyncClient(limits=limits, verify=context, trust_env=False) for _ in range(LINES)]


def is_on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class Courier:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines = open_lines()
        self._free_lines: asyncio.LifoQueue[httpx.AsyncClient] = asyncio.LifoQueue()
        for line in self._lines:
            self._free_lines.put_nowait(line)
        self._tasks: set[asyncio.Task[None]] = set()
        self._record: dict[str, Webhook] = {}
        self.rules: list[Rule] = []

    def reset(self) -> None:
        self._record.clear()
        self.rules.clear()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(line.aclose() for line in self._lines))

    def send(self, webhook: Webhook) -> None:
        """Deliver in the background, once the rules allow it."""
        self._remember(webhook)
        rule = self._take_rule(webhook.kind)
        if rule is None:
            self.start(self._deliver(webhook))
        elif rule.action in ("drop", "hold"):
            webhook.state = "dropped" if rule.action == "drop" else "held"
        elif rule.action == "duplicate":
            self.start(self._deliver(webhook, copies=2))
        else:
            webhook.state = "delayed"
            self._clock.pace.call_later(
                rule.delay_seconds, lambda: self.start(self._deliver(webhook))
            )

    async def fetch(self, webhook: Webhook) -> Attempt:
        """Ask the product for something now (TwiML); a dropped request is a failed connection."""
        self._remember(webhook)
        rule = self._take_rule(webhook.kind)
        if rule is not None and rule.action in ("drop", "hold"):
            attempt = Attempt(at=self._clock.instant().isoformat(), seconds=0, error="dropped")
            webhook.attempts.append(attempt)
            webhook.state = "dropped"
            return attempt
        if rule is not None and rule.action == "delay":
            await self._clock.pace.sleep(rule.delay_seconds)
        if rule is not None and rule.action == "duplicate":
            await self._attempt(webhook)
        await self._deliver(webhook)
        return webhook.attempts[-1]

    async def release(self, ids: Iterable[str]) -> None:
        """Send held webhooks one after the other, each answered before the next leaves."""
        for id in ids:
            await self._deliver(self._record[id])

    async def resend(self, id: str) -> Webhook:
        webhook = self._record[id]
        await self._attempt(webhook)
        return webhook

    def held(self) -> list[str]:
        return [webhook.id for webhook in self._record.values() if webhook.state == "held"]

    def record(self, kind: str = "*") -> list[Webhook]:
        return [w for w in self._record.values() if fnmatch.fnmatchcase(w.kind, kind)]

    def in_flight(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("A delivery failed", exc_info=error)

    def _remember(self, webhook: Webhook) -> None:
        self._record[webhook.id] = webhook
        if len(self._record) > KEPT:
            del self._record[next(iter(self._record))]

    def _take_rule(self, kind: str) -> Rule | None:
        for rule in self.rules:
            if rule.times != 0 and fnmatch.fnmatchcase(kind, rule.pattern):
                if rule.times is not None:
                    rule.times -= 1
                return rule
        return None

    async def _deliver(self, webhook: Webhook, *, copies: int = 1) -> None:
        for _ in range(copies):
            attempt = await self._attempt(webhook)
        for delay in webhook.retry_delays:
            if not webhook.should_retry(attempt):
                break
            webhook.state = "waiting"
            await self._clock.pace.sleep(delay)
            attempt = await self._attempt(webhook)
        webhook.state = "delivered" if attempt.succeeded else "failed"

    async def _attempt(self, webhook: Webhook) -> Attempt:
        line = await self._free_lines.get()
        webhook.state = "sending"
        started, at = time.monotonic(), self._clock.instant().isoformat()
        status, text, error = None, "", None
        try:
            response = await self._request(line, webhook)
            status, text = response.status_code, response.text
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
            error = type(problem).__name__
        finally:
            self._free_lines.put_nowait(line)
        seconds = time.monotonic() - started
        attempt = Attempt(at=at, seconds=seconds, status=status, error=error, text=text)
        webhook.attempts.append(attempt)
        return attempt

    async def _request(self, line: httpx.AsyncClient, webhook: Webhook) -> httpx.Response:
        url = urldefrag(webhook.url).url
        if not is_on_this_machine(url):
            raise httpx.InvalidURL("the sandbox only calls this machine")
        return await line.request(
            webhook.method,
            url,
            content=webhook.body or None,
            headers={"Content-Type": webhook.content_type} | webhook.sign(),
            timeout=httpx.Timeout(webhook.read_seconds, connect=webhook.connect_seconds),
        )
