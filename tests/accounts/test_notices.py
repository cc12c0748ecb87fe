"""Notices of the audit log, as users get them."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from accounts.tokens.lifecycle import rotate_token
from tests.accounts.device_logins import FORM, START, approve, poll
from tests.accounts.mails import mails
from tests.people import new_token

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.mark.parametrize(("country", "place"), [("BR", "127.0.0.1 (BR)"), ("", "127.0.0.1\n")])
def test_mail_of_an_approved_device_shows_what_asked_from_where(
    client: Client, alice: User, settings: Settings, country: str, place: str
) -> None:
    settings.CLIENT_COUNTRY_HEADER = "CF-IPCountry"
    sent = "client_id=moby-cli&device_name=anvil"
    body = client.post(START, sent, content_type=FORM, headers={"CF-IPCountry": country}).json()
    approve(body["user_code"], alice)
    assert poll(client, body["device_code"])[0] == 200
    call_command("send_notices")
    told = mail.outbox[0]
    assert (told.to, "signed in" in told.subject) == ([alice.email], True)
    assert f"Device: anvil, asked by moby, the terminal client from {place}" in str(told.body)


def test_tokens_that_were_shown_of_their_end_cost_no_query(
    alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        new_token(alice, name=f"ci {number}")
    with time_machine.travel(timezone.now() + timedelta(days=24), tick=False):
        assert len([text for text in mails() if "expires soon" in text]) == 5
        with django_assert_max_num_queries(3):  # one for each number of days, one for mails due
            call_command("send_notices")


def test_expiry_is_shown_once_at_seven_days_and_at_one(alice: User) -> None:
    new_token(alice, name="month")
    new_token(alice, name="short", days=7)
    replaced = new_token(alice, name="replaced")
    rotate_token(replaced.row)
    seen = []
    for day in range(31):
        with time_machine.travel(timezone.now() + timedelta(days=day), tick=False):
            seen += [(day, text[22:]) for text in mails() if "expires soon" in text]
        mail.outbox.clear()
    assert seen == [
        (6, "short"),
        (23, "month"),
        (23, "replaced"),
        (29, "month"),
        (29, "replaced"),
    ]
