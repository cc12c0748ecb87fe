"""Requests over the requests library, with the proxies that the environment names.

A server on this machine is asked directly: a proxy would read the token of an unencrypted request.
"""

import requests
import requests.utils

from moby.net.hosts import is_on_this_machine
from moby.net.message import (
    CONNECT_TIMEOUT_SECONDS,
    READ_TIMEOUT_SECONDS,
    Request,
    Response,
    TransportError,
)


class RequestsTransport:
    def __init__(self, ca_file: str | None) -> None:
        self._session = requests.Session()
        # With trust_env, requests would replace our Authorization header by one from ~/.netrc.
        self._session.trust_env = False
        self._session.verify = ca_file or True
        self._session.headers.clear()

    def send(self, request: Request) -> Response:
        try:
            answer = self._session.request(
                request.method,
                request.url,
                headers=request.headers,
                data=request.body,
                proxies=_proxies_for(request.url),
                timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _explained(error) from error
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, headers, answer.content)


def _proxies_for(url: str) -> dict[str, str]:
    if is_on_this_machine(url):
        return {}
    return dict(requests.utils.get_environ_proxies(url, no_proxy=None))


def _explained(error: requests.RequestException) -> TransportError:
    if isinstance(error, requests.exceptions.ProxyError):
        return TransportError("proxy_error", "the proxy did not let the request through")
    if isinstance(error, requests.Timeout):
        return TransportError("timeout", "the server did not answer in time")
    if isinstance(error, requests.exceptions.SSLError):
        return TransportError("tls_error", "no secure connection: the certificate was not accepted")
    return TransportError("network_error", f"no connection: {_reason(error)}")


def _reason(error: BaseException) -> str:
    """The operating system's own words, found below the wrappers of urllib3 and requests."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        if isinstance(current, OSError) and current.strerror:
            return current.strerror
        seen.append(current)
        wrapped = getattr(current, "reason", None) or next(iter(current.args), None)
        current = wrapped if isinstance(wrapped, BaseException) else current.__context__
    return "the connection broke off"
