"""Pages that one only gets to by doing something. Each step ends on the page to look at.

The browser's context has a `base_url`, and a customer who proved just now who she is.
"""

import time
from collections.abc import Callable

from playwright.sync_api import Page

from dev.authenticator_app import code_shown

NEW_PASSWORD = "another long battery"  # noqa: S105 - of customers that live for one run


def device_confirm(page: Page) -> None:
    """A terminal asks to be signed in, and its code is typed here."""
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
    """All of them by name, in an order that works. The last ones change the account."""
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
