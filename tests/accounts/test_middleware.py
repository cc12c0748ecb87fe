"""The browsers that are signed in, as they are noted."""

from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from tests.accounts.browser import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_browser_is_noted_once_a_minute(alice: User) -> None:
    browser = sign_in(alice)
    browser.get("/settings/security")
    first = UserSession.objects.get(user=alice).last_seen_at
    with CaptureQueriesContext(connection) as queries:
        browser.get("/settings/security")
    assert [q["sql"] for q in queries if q["sql"].startswith(("UPDATE", "INSERT"))] == []
    assert UserSession.objects.get(user=alice).last_seen_at == first
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        browser.get("/settings/security")
    assert UserSession.objects.get(user=alice).last_seen_at > first


def test_browser_from_elsewhere_is_noted_at_once(alice: User) -> None:
    browser = sign_in(alice)
    browser.get("/settings/security")
    browser.get("/settings/security", REMOTE_ADDR="203.0.113.9")
    assert UserSession.objects.get(user=alice).ip == "203.0.113.9"


def test_one_browser_is_signed_out_from_another(alice: User, charlie: User) -> None:
    here, there = sign_in(alice), sign_in(alice)
    for browser in (here, there):
        browser.get("/home")
    page = here.get("/accounts/sessions/").content.decode()
    ending = UserSession.objects.get(session_key=there.session.session_key)
    path = f"/settings/security/sessions/{ending.pk}/end"
    assert page.count("/end") == 1
    assert f'action="{path}"' in page
    assert sign_in(charlie).post(path).status_code == 404
    assert here.post(path)["Location"] == "/accounts/sessions/"
    assert there.get("/home").status_code == 302
    assert here.get("/home").status_code == 200
    assert Client().post(path).status_code == 302
