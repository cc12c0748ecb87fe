"""The network of moby, which carries a request in one of two ways.

The first GET of a run goes over http.client, which loads in a quarter of the time of requests and
makes `moby balance` feel instant. Everything else, and everything that needs a proxy, goes over
requests. Both use the same trust roots and time-outs, and neither follows redirects or reads
~/.netrc: a token goes to its own host or nowhere. What is not encrypted stays on this machine, so
a server here is asked directly, whatever proxies the environment names.
"""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from moby.net.hosts import is_on_this_machine
from moby.net.message import Request, Response, Transport, TransportError

_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


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
            if request.method == "GET" and (is_here or not has_proxy(self._environ)):
                from moby.net import lean

                return lean.send(request, trusted)
            from moby.net.full import RequestsTransport

            self._session = RequestsTransport(trusted)
        return self._session.send(request)


def has_proxy(environ: Mapping[str, str]) -> bool:
    return any(environ.get(name) or environ.get(name.upper()) for name in _PROXY_VARIABLES)


def ca_file(environ: Mapping[str, str]) -> str | None:
    """The trust roots named by the environment, or None for those that come with moby."""
    name = next((name for name in _CA_VARIABLES if environ.get(name)), None)
    if name is None:
        return None
    path = os.path.expanduser(environ[name])
    if not os.path.exists(path):
        raise TransportError("tls_error", f"{name} names {path}, which is not there")
    return path
