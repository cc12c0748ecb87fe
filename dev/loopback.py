"""Requests to servers of this machine, which no proxy of the environment stands between."""

import os

import requests


def direct_session() -> requests.Session:
    """Return a session that ignores the environment's proxies, in either case of their names."""
    session = requests.Session()
    session.trust_env = False
    return session


def environment_without_proxies() -> dict[str, str]:
    """Return a copy of this process's environment for one that only talks to this machine."""
    return {name: value for name, value in os.environ.items() if not _names_a_proxy(name)}


def _names_a_proxy(name: str) -> bool:
    return name.lower() in ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "no_proxy")
