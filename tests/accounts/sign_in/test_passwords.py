"""Guessing passwords: how often, for whom, and what the answers betray."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.accounts.hashing import count_hashes
from tests.people import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.db]
HOME = "192.0.2.1"


def signs_in(email: str, password: str = PASSWORD, *, ip: str = HOME) -> bool:
    """Whether a new browser at an address gets in."""
    client = Client(REMOTE_ADDR=ip)
    client.post("/accounts/login/", {"login": email, "password": password})
    return client.get("/home").status_code == 200


def test_five_wrong_passwords_close_an_address_to_all_networks(alice: User, charlie: User) -> None:
    assert signs_in(alice.email)
    assert not any(signs_in(alice.email, "wrong", ip=f"192.0.2.{n}") for n in range(10, 15))
    assert not signs_in(alice.email)
    assert signs_in(charlie.email)


def test_ten_wrong_passwords_close_a_network_to_all_addresses(charlie: User) -> None:
    assert not any(signs_in(f"nobody{n}@example.org") for n in range(10))
    assert not signs_in(charlie.email)
    assert signs_in(charlie.email, ip="198.51.100.7")


@pytest.mark.usefixtures("still_clock")
def test_spelling_of_an_address_gives_no_more_guesses(alice: User) -> None:
    for email in ("alice@example.org", "Alice@example.org", "ALICE@EXAMPLE.ORG") * 2:
        signs_in(email, "wrong", ip=f"192.0.2.{ord(email[1])}")
    assert not signs_in(alice.email)


@pytest.mark.usefixtures("still_clock")
def test_password_asked_again_is_not_guessed_either(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    answers = [
        client.post("/accounts/reauthenticate/", {"password": guess}).status_code
        for guess in ["wrong"] * 10 + [PASSWORD]
    ]
    assert answers == [200] * 10 + [429]


@pytest.mark.parametrize("email", ["alice@example.org", "nobody@example.org", "locked@example.org"])
def test_sign_in_works_as_long_for_every_address(
    alice: User, charlie: User, settings: Settings, email: str
) -> None:
    User.objects.filter(pk=charlie.pk).update(email="locked@example.org", is_active=False)
    charlie.emailaddress_set.update(email="locked@example.org")  # type: ignore[attr-defined]  # allauth has no types
    hashes = count_hashes(settings)
    assert not signs_in(email, "wrong")
    assert hashes == {"md5": 1}
