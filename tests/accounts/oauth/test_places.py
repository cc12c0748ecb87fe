"""Places that a device and its user ask from."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import DeviceLogin, User
from mobayilo.lib.client_ip import same_network
from tests.accounts.browser import enter_code, sign_in
from tests.accounts.device_logins import FORM, START, start

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_approval_warns_when_the_device_is_elsewhere(client: Client, alice: User) -> None:
    body = start(client)
    browser = sign_in(alice)
    enter_code(browser, body["user_code"])
    assert "another network" not in browser.get("/device/confirm").content.decode()
    DeviceLogin.objects.update(ip="198.51.100.9")
    assert "another network" in browser.get("/device/confirm").content.decode()


def test_approval_warns_when_the_device_is_abroad(
    client: Client, alice: User, settings: Settings
) -> None:
    settings.CLIENT_COUNTRY_HEADER = "CF-IPCountry"
    sent = "client_id=moby-cli"
    body = client.post(START, sent, content_type=FORM, headers={"CF-IPCountry": "BR"}).json()
    browser = sign_in(alice)
    enter_code(browser, body["user_code"])
    page = browser.get("/device/confirm", headers={"CF-IPCountry": "GB"}).content.decode()
    assert "The device asks from BR, and you are in GB." in page
    unknown = browser.get("/device/confirm", headers={"CF-IPCountry": "<script>"})
    assert "The device asks from BR, and" not in unknown.content.decode()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("198.51.100.7", "198.51.100.8", False),
        ("198.51.100.7", None, False),
    ],
)
def test_same_network_is_a_home(one: str, other: str | None, same: bool) -> None:
    assert same_network(one, other) is same
