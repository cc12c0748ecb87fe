"""A browser page that remembers what it complained about, and is judged by axe-core."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.http import HttpRequest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

from accounts.models import User

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text()
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast"]
# Every country of the world, in a list that the browser draws.
CONTEXT = json.dumps({"exclude": ["option"]})
PHONE = {"width": 375, "height": 812}
DESKTOP = {"width": 1280, "height": 900}


class Watched:
    """A browser on a live server. `complaints` holds the errors of every page."""

    def __init__(self, browser: Browser, base: str, **context: Any) -> None:
        self.base = base
        self.context: BrowserContext = browser.new_context(base_url=base, **context)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self._note("error", str(error)))
        self.page.on("request", lambda request: self._check_host(request.url))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{self.page.url}: {text}")

    def _check_host(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and f"{parts.scheme}://{parts.netloc}" != self.base:
            self.complaints.append(f"{self.page.url}: asks {parts.netloc}")

    def sign_in(self, user: User) -> None:
        """With a session of Django's own, as fresh as if the password had just been typed."""
        client = Client()
        client.force_login(user)
        request = HttpRequest()
        request.session = client.session
        record_authentication(request, user, method="password", reauthenticated=True)
        request.session.save()
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": self.base}
        self.context.add_cookies([cookie])  # type: ignore[list-item]  # a TypedDict in all but name

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)

    def show(self, html: str) -> None:
        """A page that the server did not send just now, at an address of the server."""
        self.page.unroute_all()
        self.page.route("**/shown", lambda route: route.fulfill(body=html))
        self.open("/shown")

    def wear(self, viewport: dict[str, int], theme: str) -> None:
        """Another size and theme for the page that is open."""
        self.page.set_viewport_size(viewport)  # type: ignore[arg-type]  # a TypedDict in all but name
        self.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of its names
        # The admin fades from one theme to the other.
        self.page.evaluate("document.getAnimations().forEach((fading) => fading.finish())")

    def is_wider_than_the_window(self) -> bool:
        script = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        return bool(self.page.evaluate(script))

    def violations(self, rules: list[str] = WCAG) -> list[str]:
        """Return what axe-core finds on the page shown now, one line each."""
        # The devtools protocol evaluates this; the content policy of the page stays in force.
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        options = json.dumps({"runOnly": rules, "preload": False, "resultTypes": ["violations"]})
        found = self.page.evaluate(f"axe.run({CONTEXT}, {options})")
        return [
            f"{self.page.url}: {violation['id']} at {node['target']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]
