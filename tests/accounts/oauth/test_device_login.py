"""How often a device may ask: the first poll is free, and a clock that runs fast is forgiven."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import DeviceLogin, User
from tests.accounts.device_logins import approve, poll, start

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_first_poll_is_free_and_a_second_at_once_slows_down(client: Client) -> None:
    code = start(client)["device_code"]
    assert poll(client, code)[1]["error"] == "authorization_pending"
    assert poll(client, code)[1]["error"] == "slow_down"
    assert DeviceLogin.objects.get().interval_seconds == 10


def test_slow_down_adds_up_and_is_capped(client: Client) -> None:
    code = start(client)["device_code"]
    for _ in range(15):
        poll(client, code)
    assert DeviceLogin.objects.get().interval_seconds == 60


def test_client_with_a_fast_clock_is_never_slowed_down(client: Client) -> None:
    code = start(client)["device_code"]
    now = timezone.now()
    errors = []
    for number in range(20):
        with time_machine.travel(now + timedelta(seconds=number * 5 * 0.9), tick=False):
            errors.append(poll(client, code)[1]["error"])
    assert set(errors) == {"authorization_pending"}


def test_client_that_obeys_slow_down_recovers_at_once(client: Client) -> None:
    code = start(client)["device_code"]
    poll(client, code)
    assert poll(client, code)[1]["error"] == "slow_down"
    with time_machine.travel(timezone.now() + timedelta(seconds=10), tick=False):
        assert poll(client, code)[1]["error"] == "authorization_pending"


def test_approved_login_is_handed_out_whatever_the_pace(client: Client, alice: User) -> None:
    body = start(client)
    for _ in range(5):
        poll(client, body["device_code"])
    approve(body["user_code"], alice)
    assert poll(client, body["device_code"])[0] == 200


@pytest.mark.usefixtures("still_clock")
def test_unknown_codes_are_slowed_down_and_known_ones_are_not(client: Client, alice: User) -> None:
    body = start(client)
    answers = [poll(client, f"guess{number}") for number in range(40)]
    assert {status for status, _ in answers[:30]} == {400}
    assert answers[-1][0] == 429
    assert answers[-1][1]["error"] == "slow_down"
    approve(body["user_code"], alice)
    assert poll(client, body["device_code"])[0] == 200


def test_early_poll_does_not_move_the_clock(client: Client) -> None:
    code = start(client)["device_code"]
    now = timezone.now()
    errors = []
    for seconds in (0, 3, 10.5):
        with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
            errors.append(poll(client, code)[1]["error"])
    assert errors == ["authorization_pending", "slow_down", "authorization_pending"]
