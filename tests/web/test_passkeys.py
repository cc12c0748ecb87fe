"""Passkeys and security keys, with a key that Chromium plays."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.people import PASSWORD
from tests.web.judge import judge_of_customers
from tests.web.watched import Watched

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEYS = "/accounts/2fa/webauthn/"
LAPTOP = {"transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
# A plain security key: it is touched, and knows no PIN.
STICK = {"transport": "usb", "hasResidentKey": False, "hasUserVerification": False}


class KeyHolder(Watched):
    """A browser with a key beside it, which does what it is asked until it is away."""

    def __init__(self, browser: Browser, base: str) -> None:
        super().__init__(browser, base)
        self.devtools = self.context.new_cdp_session(self.page)
        self.devtools.send("WebAuthn.enable")

    def plug_in(self, key: dict[str, Any]) -> str:
        common = {"protocol": "ctap2", "automaticPresenceSimulation": True, "isUserVerified": True}
        options = {"options": {**common, **key}}
        added = self.devtools.send("WebAuthn.addVirtualAuthenticator", options)
        return str(added["authenticatorId"])

    def unplug(self, authenticator_id: str) -> None:
        about = {"authenticatorId": authenticator_id}
        self.devtools.send("WebAuthn.removeVirtualAuthenticator", about)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def add_key(self, name: str, *, is_alone: bool) -> None:
        self.open(f"{KEYS}add/")
        self.page.get_by_label("Name", exact=True).fill(name)
        self.page.get_by_label("Sign in with this key alone").set_checked(is_alone)
        self.press("Add")
        self.page.wait_for_url("**/2fa/recovery-codes/")

    def forget_session(self) -> None:
        self.context.clear_cookies()

    def give_password(self, user: User) -> None:
        self.open("/accounts/login/")
        self.page.get_by_label("Email").fill(user.email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.press("Sign in")


@pytest.fixture
def holder(chromium: Browser, live_server: LiveServer, alice: User) -> Iterator[KeyHolder]:
    holder = KeyHolder(chromium, live_server.url)
    holder.sign_in(alice)
    yield holder
    holder.context.close()
    assert holder.complaints == []


def test_passkey_is_added_renamed_and_removed(holder: KeyHolder) -> None:
    holder.plug_in(LAPTOP)
    holder.add_key("my laptop", is_alone=True)
    holder.open(KEYS)
    row = holder.page.locator(".rows li")
    expect(row).to_contain_text(re.compile(r"my laptop\s+Passkey"))
    assert judge_of_customers(holder, "one key") == []
    row.get_by_role("link", name="Rename").click()
    assert judge_of_customers(holder, "renaming a key") == []
    holder.page.get_by_label("Name").fill("the old laptop")
    holder.press("Save")
    expect(row).to_contain_text("the old laptop")
    row.get_by_role("link", name="Remove").click()
    assert judge_of_customers(holder, "removing a key") == []
    holder.press("Remove")
    expect(holder.page.locator("main")).to_contain_text("There are none yet.")


def test_passkey_alone_signs_in_and_leads_on(holder: KeyHolder) -> None:
    holder.plug_in(LAPTOP)
    holder.add_key("my laptop", is_alone=True)
    holder.forget_session()
    holder.open("/accounts/login/?next=/statement")
    holder.press("Sign in with a passkey")
    holder.page.wait_for_url(f"{holder.base}/statement")
    # Fresh enough for what keeps the account safe.
    holder.open("/accounts/password/change/")
    expect(holder.page.get_by_role("heading", level=1)).to_have_text("Change your password")


def test_security_key_comes_after_the_password(holder: KeyHolder, alice: User) -> None:
    holder.plug_in(STICK)
    holder.add_key("the stick", is_alone=False)
    holder.forget_session()
    holder.give_password(alice)
    holder.page.wait_for_url("**/2fa/authenticate/")
    assert judge_of_customers(holder, "second factor") == []
    holder.press("Use a passkey or security key")
    holder.page.wait_for_url("**/home")
    holder.open(KEYS)
    expect(holder.page.locator(".rows li")).to_contain_text("last used")
    expect(holder.page.locator(".rows li")).not_to_contain_text("Passkey")


def test_key_confirms_that_it_is_her(holder: KeyHolder) -> None:
    holder.plug_in(STICK)
    holder.add_key("the stick", is_alone=False)
    holder.open("/accounts/reauthenticate/?next=/settings/tokens")
    holder.page.locator("main a", has_text="security key").click()
    assert judge_of_customers(holder, "confirming by key") == []
    holder.press("Use a passkey or security key")
    holder.page.wait_for_url(f"{holder.base}/settings/tokens")


def test_page_says_so_when_no_key_comes(holder: KeyHolder) -> None:
    gone = holder.plug_in(LAPTOP)
    holder.add_key("my laptop", is_alone=True)
    holder.forget_session()
    holder.unplug(gone)
    holder.plug_in(LAPTOP)  # another one, that holds nothing of ours
    holder.open("/accounts/login/")
    holder.press("Sign in with a passkey")
    expect(holder.page.get_by_role("alert")).to_contain_text("did not send a passkey")
    assert judge_of_customers(holder, "no key") == []


def test_page_says_so_when_a_key_is_added_twice(holder: KeyHolder) -> None:
    holder.plug_in(LAPTOP)
    holder.add_key("my laptop", is_alone=True)
    holder.open(f"{KEYS}add/")
    holder.page.get_by_label("Name", exact=True).press("Enter")
    expect(holder.page.get_by_role("alert")).to_have_text("You have already added this key.")


def test_removed_passkey_signs_in_no_more_and_the_page_says_so(
    holder: KeyHolder, alice: User
) -> None:
    holder.plug_in(LAPTOP)
    holder.add_key("my laptop", is_alone=True)
    Authenticator.objects.filter(user=alice).delete()
    holder.forget_session()
    holder.open("/accounts/login/")
    holder.press("Sign in with a passkey")
    expect(holder.page.get_by_text("This key was not accepted.").first).to_be_visible()
