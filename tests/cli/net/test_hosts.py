"""Hosts that can be asked, and those that cannot."""

import pytest

from tests.cli.program import Moby


@pytest.mark.parametrize(
    "host",
    [
        "https://a..b",
        "https://ä..b",
        f"https://{'a' * 64}.example",
        "https://user:pw@mobayilo.com",
        "https://mobayilo.com/api",
        "https://mobayilo.com?x=1",
        "https://mobayilo.com:port",
        "https://",
        "https://mobayilo.com\nx",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
    ],
)
def test_unusable_hosts_are_refused(moby: Moby, host: str) -> None:
    ran = moby.run("balance", "--host", host, "--json")
    assert ran.code == 2
    assert ran.error["code"] in ("bad_host", "insecure_host")


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("mobayilo.com", "https://mobayilo.com"),
        ("HTTPS://Mobayilo.COM:443/", "https://mobayilo.com"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://127.8.8.8", "http://127.8.8.8"),
    ],
)
def test_hosts_are_read_in_one_form(moby: Moby, text: str, host: str) -> None:
    assert moby.run("auth", "status", "--offline", "--json", "--host", text).json["host"] == host
