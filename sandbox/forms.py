"""Reading what the SDKs send: form bodies, and JSON for the control API."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

Endpoint = Callable[[Request], Awaitable[Response]]


async def read_form(request: Request) -> QueryParams:
    """A form body as a multi-dict that keeps blanks, repetitions and the order."""
    return QueryParams((await request.body()).decode())


async def read_json(request: Request) -> dict[str, Any]:
    body = await request.body()
    try:
        content = json.loads(body or b"{}")
    except ValueError as error:
        raise HTTPException(400, f"The body is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise HTTPException(400, "The body must be a JSON object")
    return content
