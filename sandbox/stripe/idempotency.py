"""Idempotency keys. https://docs.stripe.com/api/idempotent_requests"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.clock import Clock
from sandbox.stripe.answers import StripeError

KEPT_SECONDS = 24 * 3600


@dataclass(kw_only=True)
class Kept:
    path: str
    body: bytes
    began: float
    messages: list[Message]


class Idempotency:
    """ASGI middleware: the same key and parameters give the first answer again.

    Answers to requests that never began (wrong parameters: 400, unknown: 404) are not kept.
    """

    def __init__(self, app: ASGIApp, clock: Clock, kept: dict[str, Kept]) -> None:
        self._app = app
        self._clock = clock
        self._kept = kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = Request(scope).headers.get("Idempotency-Key") if scope["type"] == "http" else None
        if key is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        body, path = await request.body(), request.url.path
        former = self._kept.get(key)
        if former and self._clock.wall.now() - former.began < KEPT_SECONDS:
            await self._repeat(key, former, path, body, scope, receive, send)
            return
        kept = Kept(path=path, body=body, began=self._clock.wall.now(), messages=[])

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"idempotency-key", key.encode())]
                if message["status"] not in (400, 401, 404, 409, 429):
                    self._kept[key] = kept
            kept.messages.append(message)
            await send(message)

        async def replay() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, keep)

    async def _repeat(
        self,
        key: str,
        former: Kept,
        path: str,
        body: bytes,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        if (former.path, former.body) != (path, body):
            error = StripeError(
                "Keys for idempotent requests can only be used with the same parameters they were "
                f"first used with. Try using a key other than '{key}' if you meant to execute a "
                "different request.",
                kind="idempotency_error",
            )
            await error.answer()(scope, receive, send)
            return
        for message in former.messages:
            copy = dict(message)
            if copy["type"] == "http.response.start":
                copy["headers"] = [*copy["headers"], (b"idempotent-replayed", b"true")]
            await send(copy)
