"""Log lines: one JSON object each, with the request's id, and no whole phone number in any."""

import logging
import re
from contextvars import ContextVar

from django.http import HttpRequest
from pythonjsonlogger.json import JsonFormatter

from accounts.secrets import hide_tokens_in

request_id: ContextVar[str] = ContextVar("request_id", default="")

_E164 = re.compile(r"(?:\+|%2[Bb])\d{3,11}(?=\d{4}\b)")
# The link of a device login carries its code, and a request is named by its whole address.
_USER_CODE = re.compile(r"user_code=[^&\s'\"\\]+")


def mask(text: str) -> str:
    """Return a text with phone numbers cut to four digits, tokens to their kind, codes left out."""
    text = _USER_CODE.sub("user_code=…", text)
    return hide_tokens_in(_E164.sub("+…", text))


class ContextFilter(logging.Filter):
    """A filter that gives each record the id of its request, and takes the address away.

    Django names a failing request by its path and attaches the request; paths hold keys of mails
    and ids of users, and the query may hold a code. Our own records name the route.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        request = vars(record).pop("request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            addresses = (request.path, request.get_full_path())
            record.args = tuple(route_of(request) if a in addresses else a for a in record.args)
        return True


def route_of(request: HttpRequest) -> str:
    """Return the pattern of a request's address, which identifies no user."""
    return request.resolver_match.route if request.resolver_match else "unknown"


class Formatter(JsonFormatter):
    """A formatter of JSON lines, masked as a whole, so also in an exception's text."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        )

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))
