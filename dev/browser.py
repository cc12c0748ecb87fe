"""A customer's browser without a screen: follows links, fills forms, keeps cookies."""

import re
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

from dev.stack import direct_session


@dataclass
class Form:
    """A form of a page: its address, and the values that a browser sends if they are left alone."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)  # a name may stand twice
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.forms: list[Form] = []
        self._current: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            action = urljoin(self.url, given.get("action") or self.url)
            self._current = Form(action, given.get("method", "get").lower())
            self.forms.append(self._current)
        elif self._current is not None:
            self._control(self._current, tag, given)

    def _control(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "button" or (tag == "input" and kind == "submit"):
            form.buttons.append((name, given.get("value", "")))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            chosen = [pair for pair in form.fields if pair[0] == self._select]
            if "selected" in given or not chosen:
                form.fields = [pair for pair in form.fields if pair not in chosen]
                form.fields.append((self._select, given.get("value", "")))
        elif tag == "input" and name and (kind not in ("checkbox", "radio") or "checked" in given):
            form.fields.append((name, given.get("value", "on" if kind == "checkbox" else "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._current = None
        elif tag == "select":
            self._select = ""


class Browser:
    """A browser that opens pages and sends forms over HTTP. `page` is the answer on screen."""

    def __init__(self, web: str, sandbox: str, session: requests.Session | None = None) -> None:
        self.web = web
        self.sandbox = sandbox
        self.session = session or direct_session()
        self.page: requests.Response

    def open(self, url: str) -> requests.Response:
        """Load a page, and load it again if its server died while it was sending."""
        address = urljoin(self.web, url)
        try:
            self.page = self.session.get(address, timeout=20)
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            self.page = self.session.get(address, timeout=20)
        self.page.raise_for_status()
        return self.page

    def forms(self) -> list[Form]:
        parser = _Forms(self.page.url)
        parser.feed(self.page.text)
        return parser.forms

    def submit(
        self, *, having: str, button: tuple[str, str] | None = None, **values: str
    ) -> requests.Response:
        """Send the form that has a field or a button of that name (or goes to that path)."""
        form = next(f for f in self.forms() if _has(f, having))
        body = [pair for pair in form.fields if pair[0] not in values] + list(values.items())
        if button is not None:
            body.append(button)
        headers = {"Referer": self.page.url, "Origin": self._origin()}
        if form.method == "post":
            self.page = self.session.post(
                form.action, data=body, headers=headers, timeout=20, allow_redirects=False
            )
            if self.page.is_redirect:
                return self.open(urljoin(self.page.url, self.page.headers["Location"]))
        else:
            self.page = self.session.get(form.action, params=body, timeout=20)
        self.page.raise_for_status()
        return self.page

    def _origin(self) -> str:
        parts = urlsplit(self.page.url)
        return f"{parts.scheme}://{parts.netloc}"

    def sign_up(self, email: str, password: str) -> None:
        """Create an account and confirm the address with the link of the mail."""
        self.open("/accounts/signup/")
        self.submit(having="password1", email=email, password1=password)
        link = re.search(r"https?://\S+/confirm-email/\S+", self.newest_mail(email))
        if link is None:
            raise RuntimeError("the confirmation mail holds no link")
        self.open(link[0])
        self.submit(having="confirm-email")

    def sign_in(self, email: str, password: str) -> None:
        self.open("/accounts/login/")
        self.submit(having="password", login=email, password=password)

    def newest_mail(self, email: str) -> str:
        """Return the text of the newest mail to an address, from the sandbox's mailbox."""
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            answer = self.session.get(
                f"{self.sandbox}/control/mail", params={"to": email}, timeout=10
            ).json()
            if answer["messages"]:
                return str(answer["messages"][-1]["text"])
            time.sleep(0.1)
        raise RuntimeError(f"no mail for {email} came")


def _has(form: Form, name: str) -> bool:
    controls = {control for control, _ in form.fields} | {part for b in form.buttons for part in b}
    return name in controls or name in form.action
