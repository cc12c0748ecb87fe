"""Which server moby speaks to. A token goes nowhere else."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from moby.errors import MobyError

DEFAULT_HOST = "https://mobayilo.com"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def read_host(text: str) -> str:
    """The origin named by the text, such as https://mobayilo.com; plain http on loopback only."""
    parts = _split(text.strip())
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise _bad(text, "it has to be an https:// address")
    if parts.username or parts.password:
        raise _bad(text, "it must not hold a user name or password")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise _bad(text, "it has to be a server, without a path")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise MobyError(
            "insecure_host",
            f"{text} is not encrypted, so a token sent there could be read on the way",
            "Use https://. Plain http works only on this machine, for example http://localhost:8000.",
        )
    return f"{parts.scheme}://{netloc_of(parts)}"


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
    """Is the page on the host that moby was told to use? Names of this machine are one name."""
    page, home = urlsplit(url), urlsplit(host)
    if page.username or page.password or not page.hostname or not home.hostname:
        return False
    if is_loopback(page.hostname) and is_loopback(home.hostname):
        return page.scheme in _DEFAULT_PORTS
    return page.scheme == "https" and netloc_of(page) == netloc_of(home)


def _split(text: str) -> SplitResult:
    if any(c.isspace() or not c.isprintable() for c in text):
        raise _bad(text, "it holds a space or control character")
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        parts.port  # noqa: B018  # reading it is what checks it
    except ValueError as error:
        raise _bad(text, "it is not a valid address") from error
    return parts


def _bad(text: str, reason: str) -> MobyError:
    return MobyError(
        "bad_host", f"{text!r} is not a usable host: {reason}", f"For example: {DEFAULT_HOST}"
    )


def is_web_page(url: str) -> bool:
    """May this be handed to a browser? Only web pages, and plain ones only on this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if not url.isprintable() or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
