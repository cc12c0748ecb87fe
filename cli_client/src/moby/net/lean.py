"""One request over http.client: no session, no proxy, no redirect."""

import socket
import ssl
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from moby.net.message import (
    CONNECT_TIMEOUT_SECONDS,
    READ_TIMEOUT_SECONDS,
    Request,
    Response,
    TransportError,
)


def send(request: Request, ca_file: str | None) -> Response:
    try:
        with closing(_connection(request.url, ca_file)) as connection:
            return _exchange(connection, request)
    except TimeoutError as error:
        raise TransportError("timeout", "the server did not answer in time") from error
    except ssl.SSLError as error:
        raise TransportError("tls_error", f"no secure connection: {_reason(error)}") from error
    except socket.gaierror as error:
        name = urlsplit(request.url).hostname
        raise TransportError("network_error", f"the name {name} was not found") from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "strerror", None) or "the connection broke off"
        raise TransportError("network_error", f"no connection: {reason}") from error


def _connection(url: str, ca_file: str | None) -> HTTPConnection:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "http":
        return HTTPConnection(host, parts.port, timeout=CONNECT_TIMEOUT_SECONDS)
    if ca_file is None:
        from certifi import where  # costs 8 ms, wanted for https only

        ca_file = where()
    context = ssl.create_default_context(cafile=ca_file)
    return HTTPSConnection(host, parts.port, timeout=CONNECT_TIMEOUT_SECONDS, context=context)


def _exchange(connection: HTTPConnection, request: Request) -> Response:
    connection.connect()
    if connection.sock is not None:
        connection.sock.settimeout(READ_TIMEOUT_SECONDS)
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = request.headers | {"Connection": "close"}
    connection.request(request.method, target, body=request.body, headers=headers)
    answer = connection.getresponse()
    received = {name.lower(): value for name, value in answer.getheaders()}
    return Response(answer.status, received, answer.read())


def _reason(error: ssl.SSLError) -> str:
    return getattr(error, "verify_message", "") or error.reason or "the certificates are unusable"
