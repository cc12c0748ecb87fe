"""Whose address is written down, behind no proxy, one and two."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import DeviceLogin
from mobayilo.lib.client_ip import same_network
from tests.accounts.device_logins import FORM, START

pytestmark = [pytest.mark.django_db, pytest.mark.db]
PROXY = "10.0.0.9"
ADDRESSES = [
    (0, "", PROXY),
    (0, "198.51.100.7", PROXY),
    (1, "198.51.100.7", "198.51.100.7"),
    (1, "203.0.113.66, 198.51.100.7", "198.51.100.7"),  # the left end is the client's own writing
    (1, "", PROXY),
    (1, "unknown", PROXY),
    (2, "198.51.100.7, 10.0.0.8", "198.51.100.7"),
    (2, "203.0.113.66, 198.51.100.7, 10.0.0.8", "198.51.100.7"),
    (2, "198.51.100.7", PROXY),  # it did not come by both proxies
    (1, "2001:DB8:0:1::7", "2001:db8:0:1::7"),
    (1, "198.51.100.7:4711", "198.51.100.7"),  # a proxy that appends the port
    (1, "[2001:db8::7]:4711", "2001:db8::7"),
    (1, "198.51.100.7:", PROXY),
    (1, "::ffff:198.51.100.7", "198.51.100.7"),
]


@pytest.mark.parametrize(("proxies", "forwarded", "written"), ADDRESSES)
def test_address_is_the_one_that_our_outermost_proxy_wrote(
    client: Client, settings: Settings, proxies: int, forwarded: str, written: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    client.post(START, "client_id=moby-cli", content_type=FORM, headers=headers, REMOTE_ADDR=PROXY)
    assert DeviceLogin.objects.get().ip == written


@pytest.mark.usefixtures("still_clock")
def test_limits_count_a_home_and_not_its_addresses(client: Client, settings: Settings) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    statuses = []
    for last in range(21):
        headers = {"X-Forwarded-For": f"2001:db8:0:1::{last:x}"}
        answer = client.post(START, "client_id=moby-cli", content_type=FORM, headers=headers)
        statuses.append(answer.status_code)
    assert statuses == [200] * 20 + [429]
    other = {"X-Forwarded-For": "2001:db8:0:2::1"}
    answer = client.post(START, "client_id=moby-cli", content_type=FORM, headers=other)
    assert answer.status_code == 200


def test_logins_that_wait_are_counted_for_a_home(client: Client, settings: Settings) -> None:
    settings.TRUSTED_PROXY_COUNT, settings.RATELIMIT_ENABLE = 1, False
    statuses = [
        client.post(
            START, "client_id=moby-cli", content_type=FORM,
            headers={"X-Forwarded-For": f"2001:db8:{part}::{last:x}"},
        ).status_code
        for part in ("0:1", "0:2") for last in range(1, 17 if part == "0:2" else 32)
    ]  # fmt: skip
    assert statuses == [200] * 30 + [429] + [200] * 16


@pytest.mark.usefixtures("still_clock")
def test_limits_count_neighbours_apart_on_a_socket_of_both_families(client: Client) -> None:
    statuses = [
        client.post(START, "client_id=moby-cli", content_type=FORM, REMOTE_ADDR=address).status_code
        for address in [*["::ffff:198.51.100.7"] * 21, "::ffff:198.51.100.8"]
    ]
    assert statuses == [200] * 20 + [429, 200]


@pytest.mark.parametrize(
    ("proxies", "forwarded"),
    [(0, "203.0.113.{}"), (1, "203.0.113.{}, 198.51.100.7"), (2, "{}, 198.51.100.7, 10.0.0.8")],
)
@pytest.mark.usefixtures("still_clock")
def test_addresses_that_a_client_makes_up_escape_no_limit(
    client: Client, settings: Settings, proxies: int, forwarded: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    statuses = []
    for number in range(21):
        headers = {"X-Forwarded-For": forwarded.format(number)}
        answer = client.post(START, "client_id=moby-cli", content_type=FORM, headers=headers)
        statuses.append(answer.status_code)
    assert statuses == [200] * 20 + [429]


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
