"""`check_live` before a sandbox in which one thing after the other is wrong."""

from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from mobayilo.overview.models import PeriodicJob
from telephony.models import RateDeck
from tests.mobayilo.overview.resolver import resolver
from tests.opening import DUMP, RECORDS, wrong_things
from tests.telephony.callers import OWN_PHONE
from tests.telephony.printing import printed
from tests.telephony.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
IN_SETTINGS = [
    ("SUPPORT_EMAIL", "", "Support address"),
    ("COMPANY_NAME", "", "Legal pages"),
    ("MAIL_DKIM_SELECTOR", "two", "DKIM"),
    ("BACKUP_FOLDER", "/nowhere", "Backup"),
]


def test_site_in_which_all_is_right_may_open(opening: Sandbox) -> None:
    assert wrong_things() == set()
    opening.post("speed", speed=40)
    text = printed("check_live", "--mail", "alice@example.org", "--call", OWN_PHONE)
    assert "✗" not in text
    assert f"? STRIPE_API_URL: not checked: {opening.url} was asked" in text
    assert text.endswith("Ready to open.\n")
    assert "✓ Mail: sent to alice@example.org" in text
    assert "✓ Call: second leg: +12025550100 answered" in text


def test_each_wrong_setting_names_itself_and_no_other(opening: Sandbox, settings: Settings) -> None:
    for name, value, subject in IN_SETTINGS:
        before = getattr(settings, name)
        setattr(settings, name, value)
        assert wrong_things() == {subject}, name
        setattr(settings, name, before)


def test_dump_that_was_cut_off_is_no_backup(opening: Sandbox, tmp_path: Path) -> None:
    dump = tmp_path / DUMP
    dump.rename(dump.with_suffix(".partial"))
    assert wrong_things() == {"Backup"}


@pytest.mark.parametrize(
    ("name", "subject"), [("example.com", "SPF"), ("_dmarc.example.com", "DMARC")]
)
def test_missing_record_of_the_mail_domain_is_named(
    opening: Sandbox, settings: Settings, name: str, subject: str
) -> None:
    with resolver({known: text for known, text in RECORDS.items() if known != name}) as address:
        settings.DNS_RESOLVER = address
        assert wrong_things() == {subject}


def test_work_that_stands_still_and_a_missing_price_list_are_named(opening: Sandbox) -> None:
    PeriodicJob.objects.all().delete()
    RateDeck.objects.update(withdrawn_at=timezone.now())
    assert wrong_things() == {"Periodic work", "Price list"}
