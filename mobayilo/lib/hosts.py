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
