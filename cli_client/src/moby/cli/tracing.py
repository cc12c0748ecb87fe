"""The requests that -v shows, without tokens, codes and whole phone numbers."""

import json
import re
from urllib.parse import unquote_plus

from moby.console import Console
from moby.network import Request, Response
from moby.text import clean

_SECRET_FIELDS = {
    "access_token",
    "api_token",
    "authorization",
    "checkout_url",
    "code",
    "device_code",
    "refresh_token",
    "token",
    "tokens",
    "user_code",
    "verification_uri_complete",
}
_NUMBER_FIELDS = {"to", "from", "number", "e164", "caller_id_e164", "national", "international"}
_TOKEN = re.compile(r"moby_(pat|dev)_[0-9A-Za-z]+")
_NUMBER = re.compile(r"\+?\d[\d\s().-]{5,}\d")


def redact_text(text: str) -> str:
    """Return the text without tokens, and with the last four digits of phone numbers only."""
    return _NUMBER.sub(_masked_number, _TOKEN.sub(r"moby_\1_****", text))


def redact_url(url: str) -> str:
    path, mark, query = url.partition("?")
    if not mark:
        return path
    pairs = (pair.partition("=") for pair in query.split("&"))
    shown = (f"{name}={_hide(name, unquote_plus(value))}" for name, _, value in pairs)
    return f"{path}?{'&'.join(shown)}"


def redact_body(body: bytes, content_type: str) -> str:
    """Return a body fit for the screen: forms and JSON by field, anything else by its size."""
    text = body.decode("utf-8", "replace")
    if "urlencoded" in content_type:
        return redact_url(f"?{text}")[1:]
    try:
        document = json.loads(text)
    except ValueError:
        return f"({len(body)} bytes of {content_type or 'unknown type'})"
    return json.dumps(_redacted(document, ""))


def _redacted(value: object, name: str) -> object:
    if isinstance(value, dict):
        # An error's code is a name such as invalid_number, not a secret.
        return {
            key: item if key == "code" and "message" in value else _redacted(item, key)
            for key, item in value.items()
        }
    if name in _SECRET_FIELDS:
        return "****"
    if isinstance(value, list):
        return [_redacted(item, name) for item in value]
    return _hide(name, value) if isinstance(value, str) else value


def _hide(name: str, value: str) -> str:
    if name in _SECRET_FIELDS:
        return "****"
    if name in _NUMBER_FIELDS:
        return _masked_number(value)
    if name.endswith("_at"):
        return value
    return redact_text(value)


def _masked_number(match: "re.Match[str] | str") -> str:
    text = match if isinstance(match, str) else match[0]
    digits = [c for c in text if c.isalnum()]
    return f"…{''.join(digits[-4:])}" if len(digits) > 4 else "…"


def trace(console: Console, request: Request, response: Response | None, seconds: float) -> None:
    result = "no answer"
    if response is not None:
        result = f"{response.status} {response.headers.get('x-request-id', '')}".strip()
    line = f"{request.method} {redact_url(request.url)} -> {result} ({seconds * 1000:.0f} ms)"
    console.say(clean(line))
    if console.verbosity < 3:
        return
    if request.body:
        console.say(f"  > {clean(redact_body(request.body, request.headers['Content-Type']))}")
    if response is not None and response.body:
        kind = response.headers.get("content-type", "")
        console.say(f"  < {clean(redact_body(response.body, kind))}")
