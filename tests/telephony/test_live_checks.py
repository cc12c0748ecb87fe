"""Twilio and the price list before the site opens, one thing after the other wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.opening import wrong_things
from tests.telephony.decks import GOOD
from tests.telephony.sandbox import Sandbox
from tests.telephony.shown import ALWAYS, SOURCE, load_rules

pytestmark = pytest.mark.django_db(transaction=True)
# What is planted at Twilio, and the only thing that is wrong then.
AT_TWILIO: list[tuple[dict[str, Any], str]] = [
    ({"account_type": "Trial"}, "Twilio account type"),
    ({"profile": "draft"}, "Twilio customer profile"),
    ({"owned_numbers": {"capabilities": {"voice": False}}}, "Twilio number"),
    ({"owned_numbers": {"voice_url": ""}}, "Answer to inbound calls"),
    ({"application": {"voice_url": ""}}, "Calls through the computer"),
    ({"currency": "EUR"}, "Twilio currency"),
    ({"closed_countries": ["GB"]}, "Dialing permissions"),
]
IN_SETTINGS = [
    ("TWILIO_AUTH_TOKEN", "wrong", "Twilio account"),
    ("TWILIO_API_KEY_SID", "SK" + "9" * 32, "Twilio API key"),
    ("TWILIO_VERIFY_SERVICE_SID", "VA" + "9" * 32, "Twilio Verify"),
    ("TWILIO_TWIML_APP_SID", "AP" + "9" * 32, "Calls through the computer"),
]


def test_each_fault_at_twilio_names_itself_and_no_other(opening: Sandbox) -> None:
    for changes, subject in AT_TWILIO:
        opening.post("reset")
        opening.post("twilio", **changes)
        assert wrong_things() == {subject}, changes


def test_each_wrong_setting_of_twilio_names_itself_and_no_other(
    opening: Sandbox, settings: Settings
) -> None:
    for name, value, subject in IN_SETTINGS:
        before = getattr(settings, name)
        setattr(settings, name, value)
        assert wrong_things() == {subject}, name
        setattr(settings, name, before)


@pytest.mark.parametrize("path", ["/DialingPermissions/*", "/CustomerProfiles*"])
def test_outage_of_twilio_is_not_taken_for_a_right_account(opening: Sandbox, path: str) -> None:
    opening.fault("500", path, times=200)
    assert wrong_things() == {"Twilio"}


def test_number_to_show_that_is_not_the_accounts_is_named(opening: Sandbox, tmp_path: Path) -> None:
    load_rules(tmp_path, ALWAYS, f"*,GB,,+442071838750,{SOURCE}")
    assert wrong_things() == {"Shown number +442071838750"}
    opening.post("twilio", purchased_numbers=["+442071838750"])
    assert wrong_things() == set()


def test_price_list_without_the_leg_of_the_computer_is_named(
    opening: Sandbox, settings: Settings, load: Callable[..., str]
) -> None:
    load(GOOD, "--allow-gaps")
    assert wrong_things() == {"Price of the computer's leg"}
    settings.TWILIO_TWIML_APP_SID = ""
    assert wrong_things() == set()
