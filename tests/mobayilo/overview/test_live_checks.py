"""The address of the site before it opens: its certificate, and the proxies before it."""

from urllib.parse import urlsplit

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from mobayilo.overview.live_checks import of_address, of_certificate, of_proxies
from tests.mobayilo.overview.proxy import proxies

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("count", "trusted", "is_right"),
    [
        *((0, 0, True), (0, 1, False), (0, 3, False)),
        *((1, 0, False), (1, 1, True), (1, 2, False)),
        *((2, 1, False), (2, 2, True), (2, 4, False)),
    ],
)
def test_as_many_proxies_are_trusted_as_there_are(
    live_server: LiveServer, settings: Settings, count: int, trusted: int, is_right: bool
) -> None:
    settings.TRUSTED_PROXY_COUNT = trusted
    with proxies(live_server.url, count=count) as settings.PUBLIC_URL:
        found = {one.subject: one.is_right for one in of_address()}
    assert found == {"Site": True, "Certificate": None, "Proxies": is_right}


def test_proxy_that_ends_tls_and_passes_no_address_on_is_named(settings: Settings) -> None:
    settings.PUBLIC = urlsplit("https://mobayilo.example")
    assert of_proxies("192.0.2.1", 0).is_right is False
    assert of_proxies("192.0.2.1, 198.51.100.7", 1).is_right is True


def test_certificate_that_cannot_be_read_is_named(settings: Settings) -> None:
    settings.PUBLIC = urlsplit("https://127.0.0.1:1")
    [finding] = of_certificate()
    assert (finding.subject, finding.is_right) == ("Certificate", False)
