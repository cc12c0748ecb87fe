"""A site in which all is right before it opens, and what `check_live` finds wrong in it."""

import json
import os
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from mobayilo.overview.models import PeriodicJob
from mobayilo.overview.periodic import JOBS
from tests.live_keys import live_key
from tests.mobayilo.overview.resolver import resolver
from tests.telephony.decks import GOOD, HEADER
from tests.telephony.sandbox import VOICE, Sandbox, running_sandbox

RECORDS = {
    "example.com": "v=spf1 include:_spf.example.net -all",
    "_dmarc.example.com": "v=DMARC1; p=reject",
    "one._domainkey.example.com": "v=DKIM1; k=rsa; p=MIGf",
}
DUMP = "mobayilo-20261130T060000Z.dump"


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
