"""The courier: carries every request from a provider to the product, and keeps a record of it.

Rules made through the control API drop, repeat, delay, hold or tamper with what matches; held ones
are released in any order.
"""

import asyncio
import fnmatch
import ipaddress
import logging
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urldefrag, urlsplit

import httpx

from sandbox.clock import Clock
from sandbox.webhooks import TAMPERINGS, Attempt, Webhook, signed_request

log = logging.getLogger(__name__)

ACTIONS = ("drop", "duplicate", "delay", "hold")
DROPPED = "dropped"
KEPT = 50_000
LINES = 64


@dataclass(kw_only=True)
class Rule:
    pattern: str
    action: str
    times: int | None = None
    delay_seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.action not in ACTIONS + TAMPERINGS:
            raise ValueError(f"action must be one of {', '.join(ACTIONS + TAMPERINGS)}")


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


def leads_to_this_machine(url: str) -> bool:
    """Return whether the name in an address is one of loopback, as by a hosts file."""
    try:
        found = socket.getaddrinfo(urlsplit(url).hostname, None)
    except OSError:
        return False
    return all(ipaddress.ip_address(address[0]).is_loopback for *_, address in found)


class Courier:
    def __init__(self, clock: Clock, site: str) -> None:
        self._clock = clock
        self._site = urlsplit(site).netloc if leads_to_this_machine(site) else ""
        self._lines = open_lines()
        self._free_lines: asyncio.LifoQueue[httpx.AsyncClient] = asyncio.LifoQueue()
        for line in self._lines:
            self._free_lines.put_nowait(line)
        self._tasks: set[asyncio.Task[None]] = set()
        self._record: dict[str, Webhook] = {}
        self.rules: list[Rule] = []

    def reset(self) -> None:
        for task in self._tasks:
            task.cancel()
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
        elif rule.action in TAMPERINGS:
            self.start(self._deliver(webhook, tampering=rule.action))
        else:
            webhook.state = "delayed"
            self._clock.pace.call_later(
                rule.delay_seconds, lambda: self.start(self._deliver(webhook))
            )

    async def fetch(self, webhook: Webhook) -> Attempt:
        """Ask the product for something now (TwiML); a dropped request is a failed connection."""
        self._remember(webhook)
        attempt = await self._retry(webhook, await self._ask(webhook), self._ask)
        is_lost = attempt.error == DROPPED
        webhook.state = "dropped" if is_lost else "delivered" if attempt.succeeded else "failed"
        return attempt

    async def _ask(self, webhook: Webhook) -> Attempt:
        rule = self._take_rule(webhook.kind)
        action = rule.action if rule else ""
        if action in ("drop", "hold"):
            attempt = Attempt(at=self._clock.instant().isoformat(), seconds=0, error=DROPPED)
            webhook.attempts.append(attempt)
            return attempt
        if rule and action == "delay":
            await self._clock.pace.sleep(rule.delay_seconds)
        if action == "duplicate":
            await self._attempt(webhook)
        return await self._attempt(webhook, action if action in TAMPERINGS else None)

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

    def being_sent(self) -> int:
        """Return how many requests are at the product now; those to be tried again are not."""
        return LINES - self._free_lines.qsize()

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

    async def _deliver(
        self, webhook: Webhook, *, copies: int = 1, tampering: str | None = None
    ) -> None:
        """Only the first attempt is tampered with: what is tried again is genuine."""
        for _ in range(copies):
            attempt = await self._attempt(webhook, tampering)
        attempt = await self._retry(webhook, attempt, self._attempt)
        webhook.state = "delivered" if attempt.succeeded else "failed"

    async def _retry(
        self, webhook: Webhook, attempt: Attempt, again: Callable[[Webhook], Awaitable[Attempt]]
    ) -> Attempt:
        """Return the last attempt, of as many as the webhook has, within its time for all."""
        for delay in webhook.retry_delays:
            if not webhook.should_retry(attempt) or webhook.spent_seconds > webhook.total_seconds:
                break
            webhook.state = "waiting"
            await self._clock.pace.sleep(delay)
            webhook.waited_seconds += delay
            attempt = await again(webhook)
        return attempt

    async def _attempt(self, webhook: Webhook, tampering: str | None = None) -> Attempt:
        line = await self._free_lines.get()
        webhook.state = "sending"
        started, at = time.monotonic(), self._clock.instant().isoformat()
        status, text, error = None, "", None
        try:
            response = await self._request(line, webhook, tampering)
            status, text = response.status_code, response.text
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
            error = type(problem).__name__
        finally:
            self._free_lines.put_nowait(line)
        seconds = time.monotonic() - started
        attempt = Attempt(
            at=at, seconds=seconds, status=status, error=error, text=text, tampered=tampering
        )
        webhook.attempts.append(attempt)
        return attempt

    async def _request(
        self, line: httpx.AsyncClient, webhook: Webhook, tampering: str | None
    ) -> httpx.Response:
        url = urldefrag(webhook.url).url
        if urlsplit(url).netloc != self._site and not is_on_this_machine(url):
            raise httpx.InvalidURL("the sandbox only calls this machine")
        body, headers = signed_request(webhook, tampering)
        return await line.request(
            webhook.method,
            url,
            content=body or None,
            headers={"Content-Type": webhook.content_type} | headers,
            timeout=httpx.Timeout(webhook.read_seconds, connect=webhook.connect_seconds),
        )
