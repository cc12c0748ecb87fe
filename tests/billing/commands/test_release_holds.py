"""`manage.py release_holds`."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Account
from billing import ledger
from tests.billing.money import DOLLAR, totals

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def test_command_releases_what_has_expired_and_nothing_else(account: Account) -> None:
    for number, ends in enumerate((timedelta(hours=-1), timedelta(hours=1))):
        ledger.place_hold(
            account=account,
            amount_micros=DOLLAR,
            key=f"call:{number}",
            expires_at=timezone.now() + ends,
        )
    said = StringIO()
    for _ in range(2):
        call_command("release_holds", stdout=said)
    assert said.getvalue() == "1 released\n0 released\n"
    assert totals(account) == (20, 1)
