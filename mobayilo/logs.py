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
    """Text with phone numbers cut to their last four digits, tokens to their kind, codes away."""
    text = _USER_CODE.sub("user_code=…", text)
    return hide_tokens_in(_E164.sub("+…", text))


class ContextFilter(logging.Filter):
    """Gives each record the id of the request that it belongs to, and takes its address away.

    Django names a failing request by its path and hands the request itself along; paths hold keys
    of mails and ids of people, and the query may hold a code. Our own records name the route.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        request = vars(record).pop("request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            told = (request.path, request.get_full_path())
            record.args = tuple(route_of(request) if a in told else a for a in record.args)
        return True


def route_of(request: HttpRequest) -> str:
    """The pattern that an address fits, which says nothing of anybody."""
    return request.resolver_match.route if request.resolver_match else "unknown"


class Formatter(JsonFormatter):
    """JSON lines, masked as a whole: a number in an exception's text is masked too."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        )

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))
