"""The pages of the product by name: for their pictures, and for the tests of all pages.

`steps_of` has the pages that open only after something was done. Each step ends on the page to look
at; it needs a browser with a `base_url`, and a customer who has just given the password.
"""

import time
from collections.abc import Callable

from playwright.sync_api import Page

from dev.authenticator_app import code_shown

VISITOR_PAGES = {
    "landing": "/",
    "contact": "/contact",
    "help": "/help",
    "rates": "/rates",
    "rates-country": "/rates?q=GB",
    "rates-number": "/rates?q=%2B442079460018",
    "rates-unknown": "/rates?q=Atlantis",
    "install": "/client/",
    "sign-in": "/accounts/login/",
    "sign-up": "/accounts/signup/",
    "reset": "/accounts/password/reset/",
    "reset-sent": "/accounts/password/reset/done/",
    "reset-stale": "/accounts/password/reset/key/1-gone/",
    "reset-done": "/accounts/password/reset/key/done/",
    "confirm-sent": "/accounts/confirm-email/",
    "confirm-stale": "/accounts/confirm-email/gone/",
    "closed": "/accounts/inactive/",
}
# Pages that an operator fills by naming the company.
COMPANY_PAGES = {"terms": "/terms", "privacy": "/privacy", "refunds": "/refunds"}
CUSTOMER_PAGES = {
    "home": "/home",
    "dial": "/call",
    "dial-number": "/call?to=%2B442079460018",
    "calls": "/calls",
    "calls-filtered": "/calls?state=failed&country=ZZ",
    "caller-ids": "/caller-ids",
    "topup": "/topup",
    "statement": "/statement",
    "tokens": "/settings/tokens",
    "tokens-last": "/settings/tokens?page=99",
    "token-new": "/settings/tokens/new",
    "devices": "/settings/devices",
    "security": "/settings/security",
    "device": "/device",
    "device-approved": "/device/approved",
    "device-denied": "/device/denied",
    "device-over": "/device/over",
    "mfa": "/accounts/2fa/",
    "mfa-totp": "/accounts/2fa/totp/activate/",
    "mfa-keys": "/accounts/2fa/webauthn/",
    "mfa-key": "/accounts/2fa/webauthn/add/",
    "email": "/accounts/email/",
    "password": "/accounts/password/change/",
    "confirm": "/accounts/reauthenticate/",
    "sessions": "/accounts/sessions/",
    "sign-out": "/accounts/logout/",
}
# Pages about one thing, whose id `one_of_each` in tests/web/scenes.py knows.
THING_PAGES = {
    "call": "/calls/{call}",
    "call-running": "/calls/{running}",
    "topup-paid": "/topup/{topup}",
    "topup-waiting": "/topup/{waiting}",
    "topup-on-its-way": "/topup/{delayed}",
    "topup-disputed": "/topup/{disputed}",
    "topup-receipt": "/topup/{topup}/receipt",
    "month": "/statement/{month}",
}
# Refusals, as `refusal_pages` in tests/web/scenes.py renders them.
REFUSALS = ("400", "403", "403-form", "404", "429", "500", "503")


NEW_PASSWORD = "another long battery"  # noqa: S105 - of customers that live for one run


def device_confirm(page: Page) -> None:
    """Type the code of a terminal that waits to be signed in."""
    sent: dict[str, str | float | bool] = {"client_id": "moby-cli", "device_name": "anvil"}
    asked = page.request.post("/oauth/device_authorization", form=sent).json()
    page.goto("/device")
    page.fill("[name=user_code]", asked["user_code"])
    page.click("main form [type=submit]")
    page.wait_for_url("**/device/confirm")


def device_wrong_code(page: Page) -> None:
    page.goto("/device")
    page.fill("[name=user_code]", "BBBB-BBBB")
    page.click("main form [type=submit]")
    page.wait_for_selector(".errorlist")


def token_created(page: Page) -> None:
    page.goto("/settings/tokens/new")
    page.fill("[name=name]", f"nightly report {time.time_ns()}")
    page.check("[name=scopes] >> nth=0")
    page.click("main form [type=submit]")
    page.wait_for_selector(".terminal-secret")


def token_refused(page: Page) -> None:
    page.goto("/settings/tokens/new")
    page.fill("[name=name]", "nightly report")
    page.click("main details summary")
    page.fill("[name=max_per_day]", "lots")
    page.click("main form [type=submit]")
    page.wait_for_selector(".errorlist")


def topup_refused(page: Page) -> None:
    page.goto("/topup")
    page.fill("[name=amount]", "1,50")
    page.click("main form [type=submit]")
    page.wait_for_selector(".errorlist")


def caller_id_refused(page: Page) -> None:
    page.goto("/caller-ids")
    page.fill("[name=number]", "12345")
    page.get_by_role("button", name="Send a code").click()
    page.wait_for_selector(".errorlist")


def tokens_review(page: Page, password: str) -> None:
    """A new password asks what becomes of the tokens."""
    page.goto("/accounts/password/change/")
    page.fill("[name=oldpassword]", password)
    for name in ("password1", "password2"):
        page.fill(f"[name={name}]", NEW_PASSWORD)
    page.click("main form [type=submit]")
    page.wait_for_url("**/settings/tokens/review")


def recovery_codes(page: Page) -> None:
    page.goto("/accounts/2fa/totp/activate/")
    if "reauthenticate" in page.url:
        page.fill("[name=password]", NEW_PASSWORD)
        page.click("main form [type=submit]")
        page.wait_for_url("**/totp/activate/")
    page.fill("[name=code]", code_shown(page.inner_text(".terminal-secret code")))
    page.click("main form [type=submit]")
    page.wait_for_url("**/2fa/recovery-codes/")


def opened(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_url(f"**{path}")


def second_factor(page: Page, email: str) -> None:
    """Signing in again, as far as the second factor."""
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", NEW_PASSWORD)
    page.click("main form [type=submit] >> nth=0")
    page.wait_for_url("**/2fa/authenticate/")


def steps_of(email: str, password: str) -> dict[str, Callable[[Page], None]]:
    """Return all steps by name, in an order that works. The last steps change the account."""
    return {
        "device-confirm": device_confirm,
        "device-wrong-code": device_wrong_code,
        "token-created": token_created,
        "token-refused": token_refused,
        "topup-refused": topup_refused,
        "caller-id-refused": caller_id_refused,
        "tokens-review": lambda page: tokens_review(page, password),
        "recovery-codes": recovery_codes,
        "recovery-codes-new": lambda page: opened(page, "/accounts/2fa/recovery-codes/generate/"),
        "totp-remove": lambda page: opened(page, "/accounts/2fa/totp/deactivate/"),
        "confirm-by-code": lambda page: opened(page, "/accounts/2fa/reauthenticate/"),
        "second-factor": lambda page: second_factor(page, email),
    }
