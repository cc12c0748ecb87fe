"""Sign-up for an address that is in use, or that does not fit, and how passwords are asked for."""

import re

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import AuditEvent, User
from tests.accounts.browser import sign_in
from tests.accounts.credentials import link_in_mail
from tests.accounts.hashing import count_hashes
from tests.people import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.db]
EMAIL = "dora@example.org"


def sign_up(email: str, password: str = PASSWORD) -> Client:
    client = Client()
    client.post("/accounts/signup/", {"email": email, "password1": password})
    return client


def gets_in(password: str) -> bool:
    client = Client()
    client.post("/accounts/login/", {"login": EMAIL, "password": password})
    return client.get("/home").status_code == 200


@pytest.mark.parametrize("email", ["alice@example.org", "new@example.org", EMAIL])
def test_sign_up_works_as_long_for_every_address(
    alice: User, settings: Settings, email: str
) -> None:
    sign_up(EMAIL)
    hashes = count_hashes(settings)
    sign_up(email)
    assert hashes == {"md5": 1}


def test_confirmation_keeps_no_password_of_an_earlier_sign_up(db: None) -> None:
    """A stranger signs up with Dora's address; she signs up too and confirms the one mail."""
    sign_up(EMAIL, "the password of a stranger")
    dora = sign_up(EMAIL, "the password of Dora herself")
    confirmation = next(str(m.body) for m in mail.outbox if "confirm-email" in str(m.body))
    link = re.findall(r"/accounts/confirm-email/\S+", confirmation)[0]
    confirmed = dora.post(link, follow=True)
    assert not gets_in("the password of a stranger")
    form = confirmed.redirect_chain[-1][0]
    new = {"password1": "chosen at last by Dora", "password2": "chosen at last by Dora"}
    dora.post(form, new)
    assert gets_in("chosen at last by Dora")


def test_second_sign_up_leaves_a_confirmed_password_alone(alice: User) -> None:
    sign_up(alice.email, "the password of a stranger")
    alice.refresh_from_db()
    assert alice.has_usable_password()


def test_address_that_does_not_fit_is_refused_and_not_cut(db: None) -> None:
    sign_up(f"d@{'example.' * 30}example.org.evil.test"[:262].rstrip("."))
    assert not mail.outbox
    assert not User.objects.exists()


def test_first_address_is_no_change_of_address(db: None) -> None:
    dora = sign_up(EMAIL)
    dora.post(link_in_mail(r"http://[^/]+(/accounts/confirm-email/\S+)"))
    actions = AuditEvent.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == ["email.confirmed", "user.signed_in"]


def test_passwords_are_asked_for_in_plain_words(client: Client, alice: User) -> None:
    client.post("/accounts/password/reset/", {"email": alice.email})
    by_mail = client.get(
        link_in_mail(r"http://[^/]+(/accounts/password/reset/key/\S+)"), follow=True
    )
    signed_in = sign_in(alice).get("/accounts/password/change/")
    for page in (by_mail.content.decode(), signed_in.content.decode()):
        labels = re.findall(r"New password[^<\n]*", page)
        assert labels == ["New password", "New password, once more"]
    assert "Current password" in signed_in.content.decode()


def test_wrong_password_names_neither_half(client: Client, alice: User) -> None:
    for login in (alice.email, "nobody@example.org"):
        page = client.post("/accounts/login/", {"login": login, "password": "wrong"})
        assert "This email address and password do not go together." in page.content.decode()
