"""The common parts of Twilio's APIs: credentials, errors, dates and lists."""

import base64
import binascii
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.settings import Settings


class TwilioError(Exception):
    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def answer(self) -> Response:
        return JSONResponse(
            {
                "code": self.code,
                "message": self.message,
                "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
                "status": self.status,
            },
            status_code=self.status,
        )


def not_found(path: str) -> TwilioError:
    return TwilioError(404, 20404, f"The requested resource {path} was not found")


def rfc2822(instant: datetime | None) -> str | None:
    """Return a date as the API 2010-04-01 writes it."""
    return format_datetime(instant.astimezone(UTC)) if instant else None


def iso8601(instant: datetime) -> str:
    """Return a date as the v1 and v2 APIs write it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def page_of(
    request: Request, key: str, rows: Sequence[Any], *, default_size: int = 50
) -> dict[str, Any]:
    """Return one page of the API 2010-04-01; `rows` are all that match, in order."""
    query = request.query_params
    size = min(max(whole_number(query.get("PageSize"), default_size), 1), 1000)
    page = whole_number(query.get("Page"), 0)
    start = page * size
    path = request.url.path.removeprefix("/api.twilio.com")
    others = [(k, v) for k, v in query.multi_items() if k not in ("Page", "PageSize", "PageToken")]

    def uri(number: int) -> str:
        return f"{path}?{urlencode([*others, ('PageSize', size), ('Page', number)])}"

    return {
        key: rows[start : start + size],
        "page": page,
        "page_size": size,
        "start": start,
        "end": start + len(rows[start : start + size]) - 1 if rows[start:] else start,
        "uri": uri(page),
        "first_page_uri": uri(0),
        "next_page_uri": uri(page + 1) if len(rows) > start + size else None,
        "previous_page_uri": uri(page - 1) if page else None,
    }


def meta(base: str, key: str, page: int, size: int, *, has_more: bool) -> dict[str, Any]:
    """Return the part of a v1 or v2 answer that says which page it is."""

    def url(number: int) -> str:
        return f"{base}?PageSize={size}&Page={number}"

    return {
        "page": page,
        "page_size": size,
        "first_page_url": url(0),
        "previous_page_url": url(page - 1) if page else None,
        "url": url(page),
        "next_page_url": url(page + 1) if has_more else None,
        "key": key,
    }


def read_number(form: QueryParams, name: str, *, default: int, lowest: int, highest: int) -> int:
    text = form.get(name, str(default))
    if not text.isdigit() or not lowest <= int(text) <= highest:
        raise TwilioError(400, 21218, f"{name} must be between {lowest} and {highest}: {text}")
    return int(text)


def whole_number(text: str | None, default: int) -> int:
    """Return the number, or the default for a value that Twilio ignores."""
    return int(text) if text and text.isdigit() else default


class BasicAuth:
    """ASGI middleware: the account's SID with its auth token, or an API key, or 401.

    A standard API key reaches nothing of another account, and no account resource
    (https://www.twilio.com/docs/iam/api-keys/keys-in-console).
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._owner = f"{settings.twilio_account_sid}:{settings.twilio_auth_token}".encode()
        key = f"{settings.twilio_api_key_sid}:{settings.twilio_api_key_secret}"
        self._key = key.encode() if settings.twilio_api_key_sid else None
        self._resources = f"/Accounts/{settings.twilio_account_sid}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_known(Request(scope)):
            error = TwilioError(401, 20003, "Authenticate")
            await error.answer()(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_known(self, request: Request) -> bool:
        kind, _, credentials = request.headers.get("Authorization", "").partition(" ")
        try:
            given = base64.b64decode(credentials, validate=True)
        except binascii.Error:
            return False
        if kind.lower() != "basic":
            return False
        path = request.url.path
        is_reached = "/Accounts/" not in path or self._resources in path
        if self._key and is_reached and hmac.compare_digest(given, self._key):
            return True
        return hmac.compare_digest(given, self._owner)
