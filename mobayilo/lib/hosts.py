"""Host names of this machine."""

import ipaddress


def is_loopback(hostname: str) -> bool:
    """Return whether a host name is this machine, by exact comparison and never by substring."""
    if hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return False


def are_of_one_owner(one: str, other: str) -> bool:
    """Return whether two domains are of one owner, as far as their names say.

    Either is below the other, or both are below a name that looks registered: of two labels, or of
    three where the second is as short as in `co.uk`. DMARC aligns domains by the registered name
    (RFC 7489 section 3.2).
    """
    first, second = (domain.lower().strip(".").split(".") for domain in (one, other))
    shared: list[str] = []
    for mine, theirs in zip(reversed(first), reversed(second), strict=False):
        if mine != theirs:
            break
        shared.insert(0, mine)
    if len(shared) < 2:
        return False
    looks_public = len(shared) == 2 and len(shared[0]) <= 3 and len(shared[1]) == 2
    return shared in (first, second) or not looks_public
