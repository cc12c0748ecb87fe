"""The worker of gunicorn, which refuses a request that never reaches Django in our own words."""

import json
import logging
import secrets
import socket

from gunicorn.http.errors import (  # type: ignore[import-untyped]  # it brings no types
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    ParseException,
)
from gunicorn.workers.gthread import (  # type: ignore[import-untyped]  # it brings no types
    ThreadWorker,
)

from mobayilo.lib.errors import ProductError

logger = logging.getLogger(__name__)
# Header fields of an answer that cannot be sent: faults of ours, which gunicorn answers with 500.
_OURS = (InvalidResponseHeader, InvalidResponseHeaderName)


class Worker(ThreadWorker):  # type: ignore[misc]  # its base has no types
    """A gthread worker whose refusals have the shape of the API in place of gunicorn's HTML."""

    def handle_error(
        self, req: object, client: socket.socket, addr: object, exc: BaseException
    ) -> None:
        if not isinstance(exc, ParseException) or isinstance(exc, _OURS):
            super().handle_error(req, client, addr, exc)
            return
        request_id = f"req_{secrets.token_hex(12)}"
        # The text of the exception may repeat the request, and so a token.
        logger.warning("request refused", extra={"reason": type(exc).__name__, "id": request_id})
        try:
            client.sendall(_refusal(request_id))
        except OSError:
            logger.debug("the client went away")


def _refusal(request_id: str) -> bytes:
    """Return a whole HTTP answer with the error object of the API."""
    error = ProductError(
        "invalid_request",
        "That request cannot be read, or is too long.",
        hint="Send a request line of at most 4,000 characters, and plain header fields.",
    )
    facts = {**error.as_object(on_terminal=False), "request_id": request_id, "details": {}}
    body = json.dumps({"error": facts}).encode()
    head = (
        "HTTP/1.1 400 Bad Request\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\n"
        f"X-Request-Id: {request_id}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body
