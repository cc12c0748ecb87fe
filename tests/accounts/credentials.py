"""Passwords that are changed, and links that came by mail."""

import re

from django.core import mail
from django.test import Client

from tests.people import PASSWORD

NEW_PASSWORD = "another horse battery"


def change_password(browser: Client) -> str:
    sent = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    answer = browser.post("/accounts/password/change/", sent)
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def link_in_mail(pattern: str) -> str:
    return str(re.findall(pattern, str(mail.outbox[-1].body))[0])
