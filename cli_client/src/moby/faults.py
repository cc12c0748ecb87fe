"""A request without an answer: what happened and what to do, in one table for both carriers."""

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ssl import SSLError

# Errors about a proxy; an address that cannot be read is its own, as the server's was read before.
_UNUSABLE_PROXIES = {"InvalidProxyURL", "InvalidSchema", "LocationParseError"}
_PROXY_FAULTS = {"ProxyError", *_UNUSABLE_PROXIES}
_CLOSED = "the connection was closed without an answer"
_CHECK = "Check your connection, then try again."
# OpenSSL's codes of a certificate that ran out, and of one whose authority is not known.
_EXPIRED = 10
_UNTRUSTED = {18, 19, 20, 21}
# In the errors of OpenSSL where the other side does not speak TLS; its releases differ.
_PLAIN_SIGNS = ("WRONG_VERSION", "WRONG VERSION", "RECORD LAYER FAILURE", "HTTP_REQUEST")


class TransportError(Exception):
    """A request without an answer: a code of moby's own, what happened, and what to do.

    `is_setup`: a setting of this machine is wrong, so that no further try can succeed.
    """

    def __init__(self, code: str, message: str, hint: str = "", *, is_setup: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.is_setup = is_setup


def explain(error: BaseException, url: str, *, proxy: str | None, is_here: bool) -> TransportError:
    """Return the fault that an exception of http.client or of requests stands for.

    `is_here`: the server is on this machine.
    """
    import ssl

    causes = _causes(error)
    if proxy and any(type(cause).__name__ in _PROXY_FAULTS for cause in causes):
        return _proxy_fault(causes, proxy)
    for cause in causes:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
            return _encryption_fault(cause, url, is_here=is_here)
        if fault := _connection_fault(cause, url, is_here=is_here):
            return fault
    return TransportError("network_error", _CLOSED, _CHECK)


def _connection_fault(cause: BaseException, url: str, *, is_here: bool) -> TransportError | None:
    import socket
    import ssl
    from http.client import BadStatusLine, IncompleteRead

    message, hint = "", _CHECK
    match cause:
        case TimeoutError():
            return TransportError("timeout", "it did not answer in time", _CHECK)
        case ConnectionResetError() | BrokenPipeError() | ssl.SSLEOFError():
            message = _CLOSED
        case socket.gaierror():
            message = f"the name {urlsplit(url).hostname} was not found"
            hint = f"Is it spelt right? {_CHECK}"
        case IncompleteRead():
            message = "the answer broke off"
        case BadStatusLine():
            message, hint = "something else answers there, not Mobayilo", "Is the host right?"
        case ConnectionRefusedError():
            message = "nothing answers there"
            hint = "Is the server running, and is its port right?" if is_here else _CHECK
        case OSError() if cause.strerror:
            message = f"no connection: {cause.strerror}"
    return TransportError("network_error", message, hint) if message else None


def _causes(error: BaseException) -> list[BaseException]:
    """Return an error and all that it wraps, the outermost first."""
    causes: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        candidate = waiting.pop(0)
        if isinstance(candidate, BaseException) and not any(candidate is cause for cause in causes):
            causes.append(candidate)
            waiting += [
                getattr(candidate, "reason", None),
                *candidate.args,
                candidate.__cause__,
                candidate.__context__,
            ]
    return causes


def _proxy_fault(causes: list[BaseException], proxy: str) -> TransportError:
    shown = proxy.rpartition("@")[2].rpartition("//")[2].rstrip("/")
    said = " ".join(map(str, causes))
    hint = "Check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY."
    is_setup = any(type(cause).__name__ in _UNUSABLE_PROXIES for cause in causes)
    if proxy.lower().startswith("socks"):
        message = f"{shown} is a SOCKS proxy, which moby cannot use"
        hint = "Name an HTTP proxy in HTTPS_PROXY, or add the server to NO_PROXY."
    elif "Tunnel connection failed: 407" in said:
        is_setup = True
        message = f"the proxy {shown} wants a user name and password (407)"
        hint = "Write them into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT"
    elif refused := re.search(r"Tunnel connection failed: (\d{3}.*?)['\")]", f"{said}'"):
        message = f"the proxy {shown} refused the connection ({refused[1].strip()})"
    elif any(isinstance(cause, TimeoutError) for cause in causes):
        message = f"the proxy {shown} did not answer in time"
    elif any(isinstance(cause, OSError) and cause.strerror for cause in causes):
        reason = next(c.strerror for c in causes if isinstance(c, OSError) and c.strerror)
        message = f"the proxy {shown} cannot be reached: {reason}"
    else:
        message = f"{shown} cannot be used as a proxy"
    return TransportError("proxy_error", message, hint, is_setup=is_setup)


def _encryption_fault(error: "SSLError", url: str, *, is_here: bool) -> TransportError:
    name, reason = urlsplit(url).hostname, getattr(error, "verify_message", "")
    code = getattr(error, "verify_code", None)
    if any(sign in str(error).upper() for sign in _PLAIN_SIGNS):
        message, hint = "that port is not encrypted", "Is the port right?"
        if is_here:
            hint = f"If it is not encrypted, write http://{urlsplit(url).netloc}."
    elif not reason:
        message, hint = f"no secure connection ({error.reason})", _CHECK
    elif code == _EXPIRED:
        message, hint = "its certificate has expired", "Is the clock of this machine right?"
    elif code in _UNTRUSTED:
        message = f"its certificate is not trusted ({reason})"
        hint = "If your network has its own certificate, name its file in REQUESTS_CA_BUNDLE."
    elif "match" in reason or "valid for" in reason:
        message = f"its certificate is not for {name}"
        hint = "Is the host right? Another server may be answering in its place."
    else:
        message, hint = f"its certificate was not accepted ({reason})", _CHECK
    return TransportError("tls_error", message, hint)
