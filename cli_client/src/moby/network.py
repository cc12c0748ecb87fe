"""The network of moby: which server it speaks to, and how a request gets there.

The first GET of a run goes over http.client, which loads in a quarter of the time of requests and
makes `moby balance` feel instant. Everything else, and everything that needs a proxy, goes over
requests. Both use the same trust roots and time-outs, and neither follows redirects or reads
~/.netrc: a token goes to its own host or nowhere. Unencrypted requests stay on this machine, so
a server here is asked directly, whatever proxies the environment names: a proxy would read the
token.
"""

import ipaddress
import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import SplitResult, urlsplit

from moby.errors import MobyError

if TYPE_CHECKING:
    from requests import RequestException

DEFAULT_HOST = "https://mobayilo.com"
CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 30.0
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


class TransportError(Exception):
    """A request without an answer: a code of moby's own, and a message that says what happened."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Transport(Protocol):
    def send(self, request: Request) -> Response: ...


class WebTransport:
    """The real network. Carriers are loaded when they are first needed."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._session: Transport | None = None

    def send(self, request: Request) -> Response:
        is_here = is_on_this_machine(request.url)
        if not is_here and urlsplit(request.url).scheme != "https":
            raise TransportError("insecure_host", "it is not encrypted, so a token could be read")
        if self._session is None:
            trusted = ca_file(self._environ)
            has_proxy = any(
                self._environ.get(name) or self._environ.get(name.upper())
                for name in _PROXY_VARIABLES
            )
            if request.method == "GET" and (is_here or not has_proxy):
                return send_once(request, trusted)
            self._session = RequestsTransport(trusted)
        return self._session.send(request)


def ca_file(environ: Mapping[str, str]) -> str | None:
    """Return the trust roots named by the environment, or None for those that come with moby."""
    name = next((name for name in _CA_VARIABLES if environ.get(name)), None)
    if name is None:
        return None
    path = os.path.expanduser(environ[name])
    if not os.path.exists(path):
        raise TransportError("tls_error", f"{name} names {path}, which is not there")
    return path


def send_once(request: Request, ca_file: str | None) -> Response:
    """Send one request over http.client: no session, no proxy, no redirect."""
    import socket
    import ssl
    from http.client import HTTPConnection, HTTPException, HTTPSConnection

    parts = urlsplit(request.url)
    host, seconds = parts.hostname or "", CONNECT_TIMEOUT_SECONDS
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = request.headers | {"Connection": "close"}
    try:
        if parts.scheme == "http":
            connection = HTTPConnection(host, parts.port, timeout=seconds)
        else:
            if ca_file is None:
                from certifi import where  # costs 8 ms, wanted for https only

                ca_file = where()
            context = ssl.create_default_context(cafile=ca_file)
            connection = HTTPSConnection(host, parts.port, timeout=seconds, context=context)
        with closing(connection):
            connection.connect()
            if connection.sock is not None:
                connection.sock.settimeout(READ_TIMEOUT_SECONDS)
            connection.request(request.method, target, body=request.body, headers=headers)
            answer = connection.getresponse()
            received = {name.lower(): value for name, value in answer.getheaders()}
            return Response(answer.status, received, answer.read())
    except TimeoutError as error:
        raise TransportError("timeout", "the server did not answer in time") from error
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason
        reason = reason or "the certificates are unusable"
        raise TransportError("tls_error", f"no secure connection: {reason}") from error
    except socket.gaierror as error:
        raise TransportError("network_error", f"the name {parts.hostname} was not found") from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "strerror", None) or "the connection broke off"
        raise TransportError("network_error", f"no connection: {reason}") from error


class RequestsTransport:
    """Requests over the requests library, with the proxies that the environment names."""

    def __init__(self, ca_file: str | None) -> None:
        import requests

        self._session = requests.Session()
        # With trust_env, requests would replace our Authorization header by one from ~/.netrc.
        self._session.trust_env = False
        self._session.verify = ca_file or True
        self._session.headers.clear()

    def send(self, request: Request) -> Response:
        import requests
        import requests.utils

        proxies: dict[str, str] = {}
        if not is_on_this_machine(request.url):
            proxies = dict(requests.utils.get_environ_proxies(request.url, no_proxy=None))
        try:
            answer = self._session.request(
                request.method,
                request.url,
                headers=request.headers,
                data=request.body,
                proxies=proxies,
                timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _explained(error) from error
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, headers, answer.content)


def _explained(error: "RequestException") -> TransportError:
    """Return the fault in our words, with the operating system's own reason.

    The reason is found below the wrappers of urllib3 and requests.
    """
    import requests

    if isinstance(error, requests.exceptions.ProxyError):
        return TransportError("proxy_error", "the proxy did not let the request through")
    if isinstance(error, requests.Timeout):
        return TransportError("timeout", "the server did not answer in time")
    if isinstance(error, requests.exceptions.SSLError):
        return TransportError("tls_error", "no secure connection: the certificate was not accepted")
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        if isinstance(current, OSError) and current.strerror:
            return TransportError("network_error", f"no connection: {current.strerror}")
        seen.append(current)
        wrapped = getattr(current, "reason", None) or next(iter(current.args), None)
        current = wrapped if isinstance(wrapped, BaseException) else current.__context__
    return TransportError("network_error", "no connection: the connection broke off")


def read_host(text: str) -> str:
    """Return the origin that the text names, such as https://mobayilo.com.

    Plain http is accepted on loopback only.
    """
    written = text.strip()
    if any(c.isspace() or not c.isprintable() for c in written):
        raise _bad_host(written, "it holds a space or control character")
    try:
        parts = urlsplit(written if "://" in written else f"https://{written}")
        parts.port  # noqa: B018  # reading it is what checks it
    except ValueError as error:
        raise _bad_host(written, "it is not a valid address") from error
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise _bad_host(text, "it has to be an https:// address")
    if parts.username or parts.password:
        raise _bad_host(text, "it must not hold a user name or password")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise _bad_host(text, "it has to be a server, without a path")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise MobyError(
            "insecure_host",
            f"{text} is not encrypted, so a token sent there could be read on the way",
            "Use https://. Plain http works only on this machine, for example http://localhost:8000.",
        )
    return f"{parts.scheme}://{netloc_of(parts)}"


def _bad_host(text: str, reason: str) -> MobyError:
    return MobyError(
        "bad_host", f"{text!r} is not a usable host: {reason}", f"For example: {DEFAULT_HOST}"
    )


def is_loopback(name: str) -> bool:
    if name.removesuffix(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_on_this_machine(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname or "")


def netloc_of(parts: SplitResult) -> str:
    name = (parts.hostname or "").removesuffix(".")  # of the root: not in a certificate's names
    shown = f"[{name}]" if ":" in name else name
    port = parts.port
    return shown if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{shown}:{port}"


def is_same_site(url: str, host: str) -> bool:
    """Is the page on the host that moby uses? All names of this machine count as one."""
    page, home = urlsplit(url), urlsplit(host)
    if page.username or page.password or not page.hostname or not home.hostname:
        return False
    if is_loopback(page.hostname) and is_loopback(home.hostname):
        return page.scheme in _DEFAULT_PORTS
    return page.scheme == "https" and netloc_of(page) == netloc_of(home)


def is_web_page(url: str) -> bool:
    """May a browser be given the address? Web pages only, and plain http on this machine only."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if not url.isprintable() or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
