"""Pictures of every page, of customers old and new, in both themes and sizes.

`python -m dev.screenshots` starts the product and the sandbox, makes three customers and writes
`var/screenshots/<customer>/<page>-<width>-<theme>.png`, to be looked at.
"""

import argparse
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import requests
from playwright.sync_api import Browser, Page, sync_playwright

from dev.stack import ROOT, Stack

FOLDER = ROOT / "var" / "screenshots"
PASSWORD = "correct horse battery"  # noqa: S105 - of customers that live for one run
WIDTHS = (375, 1280)
THEMES = ("light", "dark")
VISITOR_PAGES = {
    "landing": "/",
    "rates": "/rates",
    "rates-country": "/rates?q=GB",
    "rates-number": "/rates?q=%2B442079460018",
    "rates-unknown": "/rates?q=Atlantis",
    "sign-in": "/accounts/login/",
    "sign-up": "/accounts/signup/",
    "reset": "/accounts/password/reset/",
    "reset-sent": "/accounts/password/reset/done/",
    "confirm-sent": "/accounts/confirm-email/",
    "confirm-stale": "/accounts/confirm-email/gone/",
    "not-found": "/nowhere",
}
CUSTOMER_PAGES = {
    "home": "/home",
    "calls": "/calls",
    "calls-filtered": "/calls?state=failed&country=ZZ",
    "caller-ids": "/caller-ids",
    "topup": "/topup",
    "statement": "/statement",
    "tokens": "/settings/tokens",
    "token-new": "/settings/tokens/new",
    "devices": "/settings/devices",
    "security": "/settings/security",
    "device": "/device",
    "mfa": "/accounts/2fa/",
    "mfa-totp": "/accounts/2fa/totp/activate/",
    "mfa-key": "/accounts/2fa/webauthn/add/",
    "password": "/accounts/password/change/",
    "email": "/accounts/email/",
    "sessions": "/accounts/sessions/",
    "sign-out": "/accounts/logout/",
}
CUSTOMERS = (
    "newcomer@example.org",
    "regular@example.org",
    "heavy.customer.whose.address.is.long@department.of-a-company-with-a-long-name.example.org",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.screenshots", description=__doc__)
    parser.add_argument("--only", default="", help="pages whose name has this")
    wanted = parser.parse_args().only
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("Chromium is not installed (Debian: apt-get install chromium)", file=sys.stderr)
        return 1
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mobayilo-pictures-") as folder:
        settings = {"RATELIMIT_ENABLE": "false"}  # one person looks at hundreds of pages
        with Stack(Path(folder), settings=settings) as stack, sync_playwright() as playwright:
            stack.manage(
                "shell", "-c", f"from tests.web import scenes; scenes.make_customers{CUSTOMERS}"
            )
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            count = sum(1 for _ in pictures(stack, browser, wanted))
            browser.close()
    print(f"{count} pictures in {FOLDER} ({time.monotonic() - started:.0f} s)")
    return 0


def pictures(stack: Stack, browser: Browser, wanted: str) -> Iterator[Path]:
    """Takes all pictures, one look after the other."""
    for width, theme in product(WIDTHS, THEMES):
        for who in ("", *CUSTOMERS):
            page = browser.new_page(
                viewport={"width": width, "height": 900},
                color_scheme=theme,  # type: ignore[arg-type]  # one of THEMES
                base_url=stack.web,
            )
            if who:
                sign_in(page, who)
            for name, path in pages_of(stack, page, who).items():
                if wanted in name:
                    yield take(page, path, FOLDER / (re.split("[.@]", who)[0] or "visitor"), name)
            page.context.close()


def sign_in(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("main [type=submit] >> nth=0")
    page.wait_for_url("**/home")


def confirm(page: Page) -> None:
    """The page that asks for the password again, before anything that keeps an account safe."""
    page.goto("/accounts/2fa/totp/activate/")
    page.fill("[name=password]", PASSWORD)
    page.click("main form [type=submit]")
    page.wait_for_url("**/totp/activate/")


def pages_of(stack: Stack, page: Page, who: str) -> dict[str, str]:
    """Name and path of the pages that this person can open now."""
    if not who:
        return VISITOR_PAGES
    pages = dict(CUSTOMER_PAGES)
    page.goto("/calls")
    for link in page.locator("main tbody a").all()[:3]:
        pages[f"call-{len(pages)}"] = str(link.get_attribute("href"))
    confirm(page)
    claim_device(stack, page)
    return {**pages, "device-confirm": "/device/confirm"}


def claim_device(stack: Stack, page: Page) -> None:
    """A terminal asks to be signed in, and its code is typed here."""
    asked = requests.post(
        f"{stack.web}/oauth/device_authorization",
        data={"client_id": "moby-cli", "device_name": "anvil", "max_cents_per_day": 500},
        timeout=10,
    ).json()
    page.goto("/device")
    page.fill("[name=user_code]", asked["user_code"])
    page.click("main form [type=submit]")
    page.wait_for_url("**/device/confirm")


def take(page: Page, path: str, folder: Path, name: str) -> Path:
    """One picture, of the whole page."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    size = page.viewport_size or {"width": 0}
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    picture = folder / f"{name}-{size['width']}-{'dark' if dark else 'light'}.png"
    page.screenshot(path=picture, full_page=True)
    return picture


if __name__ == "__main__":
    sys.exit(main())
