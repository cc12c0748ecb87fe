"""The address and the country that a request comes from, as the trusted proxies report them."""

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest

_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d+)?|([0-9.]+):\d+")


def client_ip(request: HttpRequest) -> str:
    """Return the client's address: the entry that our outermost trusted proxy wrote.

    The left end of X-Forwarded-For is written by the client and proves nothing, so entries are
    counted from the right, one for each proxy in TRUSTED_PROXY_COUNT. A socket that listens to both
    families writes IPv4 addresses as `::ffff:198.51.100.7`, which are all in one /64. Some proxies
    append the port, `198.51.100.7:4711` or `[2001:db8::7]:4711` (RFC 7239 section 6).
    """
    remote = str(request.META.get("REMOTE_ADDR") or "0.0.0.0")  # noqa: S104 - an address, no bind
    hops = int(settings.TRUSTED_PROXY_COUNT)
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    candidate = forwarded[-hops] if 0 < hops <= len(forwarded) else remote
    if with_port := _WITH_PORT.fullmatch(candidate):
        candidate = with_port[1] or with_port[2]
    try:
        ip = ipaddress.ip_address(candidate)
    except ValueError:
        return remote
    return str(getattr(ip, "ipv4_mapped", None) or ip)


def rate_limit_network(address: str) -> str:
    """Return the address that a limit counts: a whole IPv4 address, the /64 of an IPv6 one."""
    ip = ipaddress.ip_address(address)
    if ip.version == 4:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False).network_address)


def country_of(request: HttpRequest) -> str:
    """Return the ISO country that the outermost proxy wrote, or an empty string.

    It is read only from the header named in CLIENT_COUNTRY_HEADER, which that proxy must overwrite.
    """
    header = settings.CLIENT_COUNTRY_HEADER
    country = request.headers.get(header, "") if header else ""
    return country if re.fullmatch(r"[A-Z]{2}", country) else ""


def same_network(one: str | None, other: str | None) -> bool:
    """Return whether two addresses are one IPv4 address or in one IPv6 /64."""
    if not one or not other:
        return False
    return rate_limit_network(one) == rate_limit_network(other)
