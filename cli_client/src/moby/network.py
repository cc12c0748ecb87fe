"""The network of moby: which server it speaks to, and how a request gets there.

The first GET of a run goes over http.client, which loads in a quarter of the time of requests and
makes `moby balance` feel instant. Everything else, and everything that needs a proxy, goes over
requests. Both use the same trust roots and time-outs and report faults in the same words, and
neither follows redirects or reads ~/.netrc: a token goes to its own host or nowhere. Unencrypted
requests stay on this machine, so a server here is asked directly, whatever proxies the
environment names: a proxy would read the token.
"""

import ipaddress
import os
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import SplitResult, urlsplit

from moby.bounded import run_bounded
from moby.errors import MobyError
from moby.faults import TransportError, explain

if TYPE_CHECKING:
    from ssl import SSLContext

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


class Transport(Protocol):
    try_seconds: float

    def send(
        self, request: Request, still_waiting: Callable[[float], None] | None = None
    ) -> Response: ...


class WebTransport:
    """A transport over the real network. Its two libraries are loaded when they are first needed.

    `try_seconds` bounds each request from the look-up of the name to the last byte.
    """

    def __init__(
        self, environ: Mapping[str, str], *, try_seconds: float = READ_TIMEOUT_SECONDS
    ) -> None:
        self.try_seconds = try_seconds
        self._environ = environ
        self._session: RequestsTransport | None = None

    def send(
        self, request: Request, still_waiting: Callable[[float], None] | None = None
    ) -> Response:
        """Return the answer; raise TransportError. `still_waiting` is called each second."""
        is_here = is_on_this_machine(request.url)
        if not is_here and urlsplit(request.url).scheme != "https":
            raise TransportError(
                "insecure_host",
                "it is not encrypted, so a token could be read",
                "Use https://. Plain http works only on this machine.",
            )
        proxy = None if is_here else proxy_for(request.url, self._environ)
        try:
            return run_bounded(lambda: self._carry(request, proxy), self.try_seconds, still_waiting)
        except TransportError:
            raise
        except Exception as error:
            self._session = None  # it may still be busy with this request, which ran out of time
            raise explain(error, request.url, proxy=proxy, is_here=is_here) from error

    def _carry(self, request: Request, proxy: str | None) -> Response:
        """Send a first GET over http.client, which loads sooner, and any other over requests."""
        if self._session is None:
            roots_path = ca_path(self._environ)
            if request.method == "GET" and proxy is None:
                return send_once(request, roots_path)
            self._session = RequestsTransport(roots_path)
        return self._session.send(request, proxy)


def proxy_for(url: str, environ: Mapping[str, str]) -> str | None:
    """Return the proxy that the environment names for the address, by the rules of requests."""
    if not any(environ.get(name) or environ.get(name.upper()) for name in _PROXY_VARIABLES):
        return None
    from requests.utils import get_environ_proxies, select_proxy

    return select_proxy(url, get_environ_proxies(url, no_proxy=None))


def ca_path(environ: Mapping[str, str]) -> str | None:
    """Return the path of the trust roots that the environment names; None for those of moby itself.

    It is a file, or a folder of hashed names as OpenSSL has it. Raise `tls_error` if it cannot be
    used: http.client and requests would fail too, but with a message that names no cause.
    """
    name = next((name for name in _CA_VARIABLES if environ.get(name)), None)
    if name is None:
        return None
    import ssl

    path = os.path.expanduser(environ[name])
    hint = f"Name a file or folder of certificates (PEM) in {name}, or unset it."
    try:
        if os.path.isdir(path):
            os.scandir(path).close()
        else:
            ssl.create_default_context(cafile=path)
    except FileNotFoundError as error:
        message = f"{name} names {path}, which is not there"
        raise TransportError("tls_error", message, hint, is_setup=True) from error
    except OSError as error:
        reason = "it holds no certificate"
        if not isinstance(error, ssl.SSLError):
            reason = error.strerror or reason
        message = f"{name} names {path}, which cannot be used: {reason}"
        raise TransportError("tls_error", message, hint, is_setup=True) from error
    return path


def send_once(request: Request, ca_path: str | None) -> Response:
    """Send one request over http.client: no session, no proxy, no redirect."""
    from http.client import HTTPConnection, HTTPSConnection

    parts = urlsplit(request.url)
    host, seconds = parts.hostname or "", CONNECT_TIMEOUT_SECONDS
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = request.headers | {"Connection": "close"}
    if parts.scheme == "http":
        connection = HTTPConnection(host, parts.port, timeout=seconds)
    else:
        connection = HTTPSConnection(host, parts.port, timeout=seconds, context=trust(ca_path))
    with closing(connection):
        connection.connect()
        if connection.sock is not None:
            connection.sock.settimeout(READ_TIMEOUT_SECONDS)
        connection.request(request.method, target, body=request.body, headers=headers)
        answer = connection.getresponse()
        answer_headers = {name.lower(): value for name, value in answer.getheaders()}
        return Response(answer.status, answer_headers, answer.read())


def trust(ca_path: str | None) -> "SSLContext":
    """Return the context that verifies a server's certificate by the trust roots at a path.

    None stands for the roots that come with moby.
    """
    import ssl

    if ca_path is None:
        from certifi import where  # costs 8 ms, wanted for https only

        ca_path = where()
    is_folder = os.path.isdir(ca_path)
    return ssl.create_default_context(
        cafile=None if is_folder else ca_path, capath=ca_path if is_folder else None
    )


class RequestsTransport:
    """Requests over the requests library, which knows how to speak to a proxy."""

    def __init__(self, ca_path: str | None) -> None:
        import requests

        self._session = requests.Session()
        # With trust_env, requests would replace our Authorization header by one from ~/.netrc.
        self._session.trust_env = False
        self._session.verify = ca_path or True
        self._session.headers.clear()

    def send(self, request: Request, proxy: str | None) -> Response:
        answer = self._session.request(
            request.method,
            request.url,
            headers=request.headers,
            data=request.body,
            proxies={urlsplit(request.url).scheme: proxy} if proxy else {},
            timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
            allow_redirects=False,
        )
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, headers, answer.content)


def read_host(text: str) -> str:
    """Return the origin that a text names, such as https://mobayilo.com.

    Raise `bad_host` if it names none, and `insecure_host` for plain http to another machine.
    """
    address = text.strip()
    if any(c.isspace() or not c.isprintable() for c in address):
        raise _bad_host(address, "it holds a space or control character")
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        parts.port  # noqa: B018  # reading it is what checks it
        _check_labels(parts.hostname or "")
    except ValueError as error:
        raise _bad_host(address, "it is not a valid address") from error
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


def _check_labels(name: str) -> None:
    """Raise ValueError for a name that no look-up takes, such as a..b."""
    if not name.isascii():
        name = name.encode("idna").decode()
    if not all(0 < len(label) < 64 for label in name.removesuffix(".").split(".")):
        raise ValueError(name)


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
    host = f"[{name}]" if ":" in name else name
    port = parts.port
    return host if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{port}"


def is_same_site(url: str, host: str) -> bool:
    """Return whether a page is on the host of moby; all names of this machine are one host."""
    page, home = urlsplit(url), urlsplit(host)
    if page.username or page.password or not page.hostname or not home.hostname:
        return False
    if is_loopback(page.hostname) and is_loopback(home.hostname):
        return page.scheme in _DEFAULT_PORTS
    return page.scheme == "https" and netloc_of(page) == netloc_of(home)


def is_web_page(url: str) -> bool:
    """Return whether a browser may open an address: a page, by plain http on this machine only."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if not url.isprintable() or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
