"""Pictures of the pages, taken from the running product.

`python -m dev.screenshots` takes every page, of customers old and new, in both themes and sizes,
and writes `var/screenshots/<customer>/<page>-<width>-<theme>.png`, to be looked at. With `--docs` a
customer follows the quickstart, and docs/pictures gets the pictures of the documentation.
"""

import argparse
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from dev.customer import Customer, Started
from dev.pages import COMPANY_PAGES, CUSTOMER_PAGES, THING_PAGES, VISITOR_PAGES, steps_of
from dev.stack import ROOT, Stack

FOLDER = ROOT / "var" / "screenshots"
DOCS_FOLDER = ROOT / "docs" / "pictures"
DESTINATION = "+442079460018"
PASSWORD = "correct horse battery"  # noqa: S105 - of customers that live for one run
WIDTHS = (375, 1280)
THEMES = ("light", "dark")
CUSTOMERS = (
    "newcomer@example.org",
    "beginner@example.org",
    "regular@example.org",
    "heavy.customer.whose.address.is.long@department.of-a-company-with-a-long-name.example.org",
    "frozen@example.org",
)
SETTINGS = {
    "RATELIMIT_ENABLE": "false",  # one person looks at hundreds of pages
    "COMPANY_NAME": "Example Ltd",
    "COMPANY_ADDRESS": "1 Example Street; London; United Kingdom",
    "SUPPORT_EMAIL": "support@example.org",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.screenshots", description=__doc__)
    parser.add_argument("--only", default="", help="pages whose name has this")
    parser.add_argument("--docs", action="store_true", help="the pictures of docs/pictures")
    wanted = parser.parse_args()
    chromium = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if chromium is None:
        print("Chromium is not installed (Debian: apt-get install chromium)", file=sys.stderr)
        return 1
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="mobayilo-pictures-") as folder,
        Stack(Path(folder), settings=SETTINGS) as stack,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        taken = (
            pictures_of_docs(stack, browser, Path(folder) / "home")
            if wanted.docs
            else pictures(stack, browser, wanted.only)
        )
        count = sum(1 for _ in taken)
        browser.close()
    print(f"{count} pictures ({time.monotonic() - started:.0f} s)")
    return 0


def pictures(stack: Stack, browser: Browser, wanted: str) -> Iterator[Path]:
    """Take all pictures, one look after the other."""
    stack.manage("shell", "-c", f"from tests.web import scenes; scenes.make_customers{CUSTOMERS}")
    refusals = json.loads(asked(stack, "json.dumps(scenes.refusal_pages())"))
    for width, theme in product(WIDTHS, THEMES):
        for who in ("", *CUSTOMERS):
            page = new_page(stack, browser, width, theme)
            if who:
                sign_in(page, who)
            for name, path in pages_of(stack, page, who).items():
                if wanted in name:
                    page.goto(path)
                    yield take(page, who, name)
            page.context.close()
        yield from step_pictures(stack, browser, (width, theme), wanted)
        page = new_page(stack, browser, width, theme)
        for name, html in refusals.items():
            page.route("**/shown", lambda route, _, html=html: route.fulfill(body=html))
            page.goto("/shown")
            yield take(page, "", f"refused-{name}")
        page.context.close()


def step_pictures(
    stack: Stack, browser: Browser, look: tuple[int, str], wanted: str
) -> Iterator[Path]:
    """Take the pages behind a step, each look with a customer of its own: steps change accounts."""
    email = f"walker-{look[0]}-{look[1]}@example.org"
    asked(stack, f"scenes.some_tokens(scenes.person({email!r}))")
    page = new_page(stack, browser, *look)
    sign_in(page, email)
    for name, step in steps_of(email, PASSWORD).items():
        step(page)
        if wanted in name:
            yield take(page, "walker", name)
    page.context.close()


def new_page(stack: Stack, browser: Browser, width: int, theme: str) -> Page:
    return browser.new_page(
        viewport={"width": width, "height": 900},
        color_scheme=theme,  # type: ignore[arg-type]  # one of THEMES
        base_url=stack.web,
    )


def asked(stack: Stack, expression: str) -> str:
    """Return the value of an expression about tests/web/scenes.py, from the product's process."""
    code = f"import json; from tests.web import scenes; print({expression})"
    return stack.manage("shell", "-c", code).stdout.splitlines()[-1]


def sign_in(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("main [type=submit] >> nth=0")
    page.wait_for_url("**/home")


def confirm(page: Page) -> None:
    """Give the password again, as pages about security ask for it."""
    page.goto("/accounts/2fa/totp/activate/")
    page.fill("[name=password]", PASSWORD)
    page.click("main form [type=submit]")
    page.wait_for_url("**/totp/activate/")


def pages_of(stack: Stack, page: Page, who: str) -> dict[str, str]:
    """Return name and path of the pages that a customer, or a visitor, can open now."""
    if not who:
        return {**VISITOR_PAGES, **COMPANY_PAGES}
    confirm(page)
    if who in (CUSTOMERS[0], CUSTOMERS[-1]):
        return CUSTOMER_PAGES
    user = f"scenes.User.objects.get(email={who!r})"
    ids = json.loads(asked(stack, f"json.dumps(scenes.one_of_each({user}))"))
    things = {name: path.format(**ids) for name, path in THING_PAGES.items()}
    return {**CUSTOMER_PAGES, **things}


def take(page: Page, who: str, name: str) -> Path:
    """Take a picture of the whole page."""
    page.wait_for_load_state("networkidle")
    size = page.viewport_size or {"width": 0}
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    folder = FOLDER / (re.split("[.@]", who)[0] or "visitor")
    picture = folder / f"{name}-{size['width']}-{'dark' if dark else 'light'}.png"
    page.screenshot(path=picture, full_page=True)
    return picture


def pictures_of_docs(stack: Stack, browser: Browser, home: Path) -> Iterator[Path]:
    """Follow the quickstart with a new customer, and take the pictures of the documentation."""
    page = new_page(stack, browser, 1000, "light")
    page.set_viewport_size({"width": 1000, "height": 720})
    stack.control("speed", {"speed": 20})
    stack.control("numbers", {"number": DESTINATION, "talk_seconds": 65, "outcome": "answer"})
    customer = Customer(stack, "alice@example.com", PASSWORD, home)
    customer.browser.sign_up(customer.email, PASSWORD)
    sign_in(page, customer.email)
    login = Started(customer, "auth", "login", "--insecure-storage", "--no-browser")
    page.goto("/device")
    page.fill("[name=user_code]", login.wait_for(r"\b([A-Z]{4}-[A-Z]{4})\b"))
    page.click("main form [type=submit]")
    if "reauthenticate" in page.url:
        page.fill("[name=password]", PASSWORD)
        page.click("main form [type=submit]")
    page.wait_for_url("**/device/confirm")
    yield take_main(page, "approve")
    page.click(".approval-form button:not([formaction])")
    login.finish()
    customer.prove("+447400123456")
    customer.top_up("20")
    called = customer.moby("call", DESTINATION, "--yes", "--wait", "--json").json
    for name, path in (
        ("home", "/home"),
        ("receipt", f"/calls/{called['call_id']}"),
        ("new-token", "/settings/tokens/new"),
        ("top-up", "/topup"),
    ):
        page.goto(path)
        yield take_main(page, name)


def take_main(page: Page, name: str) -> Path:
    """Take a picture of the content of a page, without what stands around it."""
    page.wait_for_load_state("networkidle")
    picture = DOCS_FOLDER / f"{name}.png"
    page.locator("main").screenshot(path=picture)
    print(f"docs/pictures/{name}.png")
    return picture


if __name__ == "__main__":
    sys.exit(main())
