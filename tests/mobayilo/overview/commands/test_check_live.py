"""`check_live` before a sandbox in which one thing after the other is wrong."""

import json
import os
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from mobayilo.overview.models import PeriodicJob
from mobayilo.overview.periodic import JOBS
from telephony.models import RateDeck
from tests.live_keys import live_key
from tests.mobayilo.overview.resolver import resolver
from tests.telephony.callers import OWN_PHONE
from tests.telephony.decks import GOOD, HEADER
from tests.telephony.printing import printed
from tests.telephony.sandbox import VOICE, Sandbox, running_sandbox
from tests.telephony.shown import ALWAYS, SOURCE, load_rules

pytestmark = pytest.mark.django_db(transaction=True)
RECORDS = {
    "example.com": "v=spf1 include:_spf.example.net -all",
    "_dmarc.example.com": "v=DMARC1; p=reject",
    "one._domainkey.example.com": "v=DKIM1; k=rsa; p=MIGf",
}
DUMP = "mobayilo-20261130T060000Z.dump"
RIGHTS = ["GET /v1/disputes", "POST /v1/refunds", "GET /v1/checkout/*", "GET /v1/radar/*"]
# What is planted at a provider, and the only thing that is wrong then.
AT_PROVIDERS: list[tuple[str, dict[str, Any], str]] = [
    ("twilio", {"account_type": "Trial"}, "Twilio account type"),
    ("twilio", {"profile": "draft"}, "Twilio customer profile"),
    ("twilio", {"owned_numbers": {"capabilities": {"voice": False}}}, "Twilio number"),
    ("twilio", {"owned_numbers": {"voice_url": ""}}, "Answer to inbound calls"),
    ("twilio", {"application": {"voice_url": ""}}, "Calls through the computer"),
    ("twilio", {"currency": "EUR"}, "Twilio currency"),
    ("twilio", {"closed_countries": ["GB"]}, "Dialing permissions"),
    *[("stripe/account", {"lacking_rights": [right]}, "Stripe rights") for right in RIGHTS],
    ("stripe/account", {"account": {"charges_enabled": False}}, "Stripe charges"),
    ("stripe/account", {"endpoint": {"status": "disabled"}}, "Stripe webhook endpoint"),
    ("stripe/account", {"endpoint": {"url": "https://other.example"}}, "Stripe webhook endpoint"),
    ("stripe/account", {"endpoint": {"livemode": False}}, "Stripe webhook endpoint"),
    (
        "stripe/account",
        {"endpoint": {"enabled_events": ["checkout.session.completed"]}},
        "Stripe events",
    ),
]
IN_SETTINGS = [
    ("TWILIO_AUTH_TOKEN", "wrong", "Twilio account"),
    ("TWILIO_API_KEY_SID", "SK" + "9" * 32, "Twilio API key"),
    ("TWILIO_VERIFY_SERVICE_SID", "VA" + "9" * 32, "Twilio Verify"),
    ("TWILIO_TWIML_APP_SID", "AP" + "9" * 32, "Calls through the computer"),
    ("STRIPE_API_KEY", live_key("other"), "Stripe key"),
    ("SUPPORT_EMAIL", "", "Support address"),
    ("COMPANY_NAME", "", "Legal pages"),
    ("MAIL_DKIM_SELECTOR", "two", "DKIM"),
    ("BACKUP_FOLDER", "/nowhere", "Backup"),
]


@pytest.fixture(scope="module")
def live_sandbox(live_server: LiveServer) -> Iterator[Sandbox]:
    """The providers in live mode."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setitem(os.environ, "STRIPE_API_KEY", live_key("sandbox"))
        with running_sandbox(live_server.url) as sandbox:
            yield sandbox


@pytest.fixture
def opening(
    live_sandbox: Sandbox, live_server: LiveServer, settings: Settings, tmp_path: Path
) -> Iterator[Sandbox]:
    """A site in which all is right."""
    live_sandbox.post("reset")
    settings.PUBLIC_URL = live_server.url
    settings.TWILIO_API_URL = settings.STRIPE_API_URL = live_sandbox.url
    settings.STRIPE_API_KEY = live_key("sandbox")
    for name, value in VOICE.items():
        setattr(settings, name, value)
    settings.SUPPORT_EMAIL = "help@example.com"
    settings.DEFAULT_FROM_EMAIL = "Mobayilo <hello@example.com>"
    settings.MAIL_DKIM_SELECTOR = "one"
    settings.COMPANY_NAME, settings.COMPANY_ADDRESS = "Example Ltd", "1 Example Street; London"
    settings.MOBY_INSTALL_COMMAND = "pipx install https://example.com/moby-1-py3-none-any.whl"
    # A browser that an earlier test of this process started needs what this check refuses.
    settings.SILENCED_SYSTEM_CHECKS = [*settings.SILENCED_SYSTEM_CHECKS, "async.E001"]
    (tmp_path / DUMP).touch()
    settings.BACKUP_FOLDER = str(tmp_path)
    deck = tmp_path / "deck.csv"
    deck.write_text(HEADER + GOOD + "0,Through the computer,001,internet,0.006,1,1,\n")
    call_command("import_rates", str(deck))
    for name in JOBS:
        PeriodicJob.objects.create(name=name, next_run_at=timezone.now() + JOBS[name])
    with resolver(RECORDS) as address:
        settings.DNS_RESOLVER = address
        yield live_sandbox


def wrong_things() -> set[str]:
    """Return the subjects that check_live calls wrong; its exit status agrees."""
    text, status = StringIO(), 0
    try:
        call_command("check_live", "--json", stdout=text)
    except SystemExit as end:
        status = int(str(end.code))
    document = json.loads(text.getvalue())
    assert document["ok"] is (status == 0)
    return {one["subject"] for one in document["findings"] if one["is_right"] is False}


def test_site_in_which_all_is_right_may_open(opening: Sandbox) -> None:
    assert wrong_things() == set()
    opening.post("speed", speed=40)
    text = printed("check_live", "--mail", "alice@example.org", "--call", OWN_PHONE)
    assert "✗" not in text
    assert f"? STRIPE_API_URL: not checked: {opening.url} was asked" in text
    assert text.endswith("Ready to open.\n")
    assert "✓ Mail: sent to alice@example.org" in text
    assert "✓ Call: second leg: +12025550100 answered" in text


def test_each_fault_at_a_provider_names_itself_and_no_other(opening: Sandbox) -> None:
    for provider, changes, subject in AT_PROVIDERS:
        opening.post("reset")
        opening.post(provider, **changes)
        assert wrong_things() == {subject}, changes


def test_each_wrong_setting_names_itself_and_no_other(opening: Sandbox, settings: Settings) -> None:
    for name, value, subject in IN_SETTINGS:
        before = getattr(settings, name)
        setattr(settings, name, value)
        assert wrong_things() == {subject}, name
        setattr(settings, name, before)


def test_outage_of_stripe_is_not_taken_for_a_wrong_key(opening: Sandbox) -> None:
    outages = {
        "/v1/charges": "Stripe",
        "/v1/account": "Stripe account",
        "/v1/webhook_endpoints": "Stripe webhook endpoint",
    }
    for path, subject in outages.items():
        # The SDK tries twice.
        opening.post("faults", kind="500", provider="stripe", path=path, times=2)
        assert wrong_things() == {subject}
    opening.post("faults", kind="500", provider="stripe", path="/v1/charges", times=2)
    text = StringIO()
    with pytest.raises(SystemExit):
        call_command("check_live", stdout=text)
    assert "Stripe: Stripe did not answer. Try again in a minute." in text.getvalue()


@pytest.mark.parametrize("path", ["/DialingPermissions/*", "/CustomerProfiles*"])
def test_outage_of_twilio_is_not_taken_for_a_right_account(opening: Sandbox, path: str) -> None:
    opening.fault("500", path, times=200)
    assert wrong_things() == {"Twilio"}


def test_number_to_show_that_is_not_the_accounts_is_named(opening: Sandbox, tmp_path: Path) -> None:
    load_rules(tmp_path, ALWAYS, f"*,GB,,+442071838750,{SOURCE}")
    assert wrong_things() == {"Shown number +442071838750"}
    opening.post("twilio", purchased_numbers=["+442071838750"])
    assert wrong_things() == set()


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
