"""The pictures of the documentation, taken from the running product: `python -m dev.doc_pictures`.

A customer goes the way of the quickstart, and docs/pictures shows what she sees.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from dev.customer import Customer, Started
from dev.stack import ROOT, Stack

FOLDER = ROOT / "docs" / "pictures"
EMAIL = "alice@example.com"
PASSWORD = "correct horse battery"  # noqa: S105 - of a customer that lives for one run
PHONE = "+447400123456"
DESTINATION = "+442079460018"
WINDOW = {"width": 1000, "height": 720}


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("Chromium is not installed (Debian: apt-get install chromium)", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="mobayilo-pictures-") as folder,
        Stack(Path(folder)) as stack,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=WINDOW, color_scheme="light", base_url=stack.web)  # type: ignore[arg-type]  # a TypedDict in all but name
        play(stack, page, Path(folder))
        browser.close()
    return 0


def play(stack: Stack, page: Page, folder: Path) -> None:
    stack.control("speed", {"speed": 20})
    stack.control("numbers", {"number": DESTINATION, "talk_seconds": 65, "outcome": "answer"})
    customer = Customer(stack, EMAIL, PASSWORD, folder / "home")
    customer.browser.sign_up(EMAIL, PASSWORD)
    sign_in(page)
    approve(customer, page)
    customer.prove(PHONE)
    customer.top_up("20")
    called = customer.moby("call", DESTINATION, "--yes", "--wait", "--json").json
    for name, path in (
        ("home", "/home"),
        ("receipt", f"/calls/{called['call_id']}"),
        ("new-token", "/settings/tokens/new"),
        ("top-up", "/topup"),
    ):
        page.goto(path)
        take(page, name)


def sign_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", EMAIL)
    page.fill("[name=password]", PASSWORD)
    page.click("main [type=submit] >> nth=0")
    page.wait_for_url("**/home")


def approve(customer: Customer, page: Page) -> None:
    """Types the code of a terminal that waits, and approves what the page shows."""
    login = Started(customer, "auth", "login", "--insecure-storage", "--no-browser")
    page.goto("/device")
    page.fill("[name=user_code]", login.wait_for(r"\b([A-Z]{4}-[A-Z]{4})\b"))
    page.click("main form [type=submit]")
    if "reauthenticate" in page.url:
        page.fill("[name=password]", PASSWORD)
        page.click("main form [type=submit]")
    page.wait_for_url("**/device/confirm")
    take(page, "approve")
    page.click(".approval-form button:not([formaction])")
    login.finish()


def take(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.locator("main").screenshot(path=FOLDER / f"{name}.png")
    print(f"docs/pictures/{name}.png")


if __name__ == "__main__":
    sys.exit(main())
