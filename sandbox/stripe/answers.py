"""The common parts of Stripe's API: keys, errors, parameters, lists.

https://docs.stripe.com/api/errors
"""

import fnmatch
import hmac
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.ids import stripe_id
from sandbox.settings import Settings

API_VERSION = "2026-10-28.endive"
Params = dict[str, Any]
Resource = dict[str, Any]
Expand = Callable[[Resource, list[str]], Resource]


class StripeError(Exception):
    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.status = message, status
        self.kind, self.code, self.param = kind, code, param

    def answer(self) -> Response:
        error = {"type": self.kind, "message": self.message}
        if self.code:
            error["code"] = self.code
            error["doc_url"] = f"https://docs.stripe.com/error-codes/{self.code.replace('_', '-')}"
        if self.param:
            error["param"] = self.param
        return stripe_answer({"error": error}, status=self.status)


def stripe_answer(content: Resource, *, status: int = 200) -> Response:
    headers = {"Request-Id": stripe_id("req", 14), "Stripe-Version": API_VERSION}
    return JSONResponse(content, status_code=status, headers=headers)


def missing(kind: str, id: str, *, param: str = "id") -> StripeError:
    return StripeError(f"No such {kind}: '{id}'", status=404, code="resource_missing", param=param)


def required(param: str) -> StripeError:
    return StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)


class BearerAuth:
    """ASGI middleware: the secret key as a bearer token (or as the user of Basic), or 401."""

    def __init__(self, app: ASGIApp, settings: Settings, rights: "Rights") -> None:
        self._app = app
        self._key = settings.stripe_api_key.encode()
        self._rights = rights

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            kind, _, given = Request(scope).headers.get("Authorization", "").partition(" ")
            if kind != "Bearer" or not hmac.compare_digest(given.encode(), self._key):
                error = StripeError(
                    f"Invalid API Key provided: {given[:8]}****", status=401, code=None
                )
                await error.answer()(scope, receive, send)
                return
            if not self._rights.allow(f"{scope['method']} {scope['path']}"):
                await refused_right(given).answer()(scope, receive, send)
                return
        await self._app(scope, receive, send)


class Rights:
    """The rights that the restricted key lacks, as `GET /v1/disputes` with `*` for anything.

    https://docs.stripe.com/keys/restricted-api-keys
    """

    def __init__(self) -> None:
        self.lacking: list[str] = []

    def reset(self) -> None:
        self.lacking = []

    def allow(self, request: str) -> bool:
        return not any(fnmatch.fnmatchcase(request, pattern) for pattern in self.lacking)


def refused_right(key: str) -> StripeError:
    return StripeError(
        f"The provided key '{key[:8]}****' does not have the required permissions for this "
        "endpoint.",
        status=403,
    )


async def read_params(request: Request) -> Params:
    """Return the form or query, with `a[b][0]=c` as nested dictionaries and lists."""
    if request.method == "GET":
        return nest(parse_qsl(request.url.query, keep_blank_values=True))
    return nest(parse_qsl((await request.body()).decode(), keep_blank_values=True))


def nest(pairs: Iterable[tuple[str, str]]) -> Params:
    root: Params = {}
    for name, value in pairs:
        first, *others = name.split("[", 1)[0], *re.findall(r"\[([^\]]*)\]", name)
        here = root
        keys = [first, *others]
        for key in keys[:-1]:
            here = here.setdefault(key, {})
            if not isinstance(here, dict):
                raise StripeError(f"Invalid parameter: {name}", param=name)
        here[keys[-1] or str(len(here))] = value
    return {key: _lists(value) for key, value in root.items()}


def _lists(value: Any) -> Any:  # noqa: ANN401 - a parameter tree of any shape
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(one) for key, one in value.items()}


def check_known(params: Params, known: dict[str, Any], where: str = "") -> None:
    """Refuse names that Stripe does not know; `known` maps a name to a sub-tree, or to None."""
    for name, value in params.items():
        path = f"{where}[{name}]" if where else name
        if name not in known:
            raise StripeError(
                f"Received unknown parameter: {path}", code="parameter_unknown", param=path
            )
        if isinstance(known[name], dict):
            for index, one in enumerate(value) if isinstance(value, list) else [(None, value)]:
                here = path if index is None else f"{path}[{index}]"
                if not isinstance(one, dict):
                    raise StripeError(f"Invalid object: {here}", param=here)
                check_known(one, known[name], here)


def read_integer(text: Any, param: str) -> int:  # noqa: ANN401 - whatever was sent
    if not isinstance(text, str) or not re.fullmatch(r"-?\d+", text):
        raise StripeError(f"Invalid integer: {text}", code="parameter_invalid_integer", param=param)
    return int(text)


def list_answer(
    params: Params, path: str, rows: Iterable[Resource], *, expand: Expand | None = None
) -> Response:
    """Answer a list: newest first, by `created`, `limit`, `starting_after`, `ending_before`."""
    found = [row for row in rows if is_created_within(row, params.get("created"))]
    limit = read_integer(params.get("limit", "10"), "limit")
    if not 1 <= limit <= 100:
        raise StripeError("limit must be between 1 and 100", param="limit")
    if after := params.get("starting_after"):
        found = found[_position(found, after, "starting_after") + 1 :]
    elif before := params.get("ending_before"):
        found = found[: _position(found, before, "ending_before")][-limit:]
    has_more = len(found) > limit
    data = found[:limit]
    if expand is not None and "expand" in params:
        paths = [one.removeprefix("data.") for one in params["expand"]]
        data = [expand(row, paths) for row in data]
    return stripe_answer({"object": "list", "url": path, "has_more": has_more, "data": data})


def _position(rows: list[Resource], id: str, param: str) -> int:
    for index, row in enumerate(rows):
        if row["id"] == id:
            return index
    raise StripeError(f"No such object: '{id}'", code="resource_missing", param=param)


def is_created_within(row: Resource, bounds: Any) -> bool:  # noqa: ANN401 - a string or a dict
    if bounds is None:
        return True
    if not isinstance(bounds, dict):
        return bool(row["created"] == read_integer(bounds, "created"))
    tests = {
        "gt": lambda bound: row["created"] > bound,
        "gte": lambda bound: row["created"] >= bound,
        "lt": lambda bound: row["created"] < bound,
        "lte": lambda bound: row["created"] <= bound,
    }
    check_known(bounds, dict.fromkeys(tests), "created")
    return all(
        tests[name](read_integer(bound, f"created[{name}]")) for name, bound in bounds.items()
    )
