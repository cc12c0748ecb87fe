"""Where a request seems to come from, as far as the proxy in front of us tells."""

import re

from django.conf import settings
from django.http import HttpRequest

from mobayilo.lib.client_ip import rate_limit_network


def country_of(request: HttpRequest) -> str:
    """The ISO country that the outermost proxy wrote, or nothing.

    Read only from the header named in CLIENT_COUNTRY_HEADER, which that proxy must overwrite.
    """
    header = settings.CLIENT_COUNTRY_HEADER
    country = request.headers.get(header, "") if header else ""
    return country if re.fullmatch(r"[A-Z]{2}", country) else ""


def same_network(one: str | None, other: str | None) -> bool:
    """Whether two addresses are one place: the same IPv4 address, or the same IPv6 /64."""
    if not one or not other:
        return False
    return rate_limit_network(one) == rate_limit_network(other)
