"""A new customer with a browser, a phone and a terminal: what the demo and the journeys play."""

import json
import os
import re
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

from dev.browser import Browser
from dev.stack import Stack

SCOPES = (
    "account:read",
    "billing:read",
    "billing:write",
    "caller_ids:write",
    "calls:read",
    "calls:write",
)


@dataclass
class Ran:
    """The output of a command, and its exit code."""

    arguments: tuple[str, ...]
    stdout: str
    stderr: str
    code: int

    @property
    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.stdout)
        return document


@dataclass
class Customer:
    """A customer who signs up, approves, pays and types, by HTTP and the installed `moby`."""

    stack: Stack
    email: str
    password: str
    home: Path
    browser: Browser = field(init=False)
    env: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.browser = Browser(self.stack.web, self.stack.sandbox)
        self.env = self.stack.moby_env(self.home)

    def moby(self, *arguments: str, input_text: str | None = None) -> Ran:
        """Run `moby` to its end, without a terminal."""
        done = subprocess.run(
            ["moby", *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            input=input_text if input_text is not None else "",
            timeout=120,
            check=False,
        )
        return Ran(arguments, done.stdout, done.stderr, done.returncode)

    def typed(self, *arguments: str) -> Ran:
        """Run `moby` to its end; `stdout` has both streams, in the order in which they came."""
        return Started(self, *arguments).finish()

    def log_in(self) -> Ran:
        """Run `moby auth login`, and approve it in the browser while it waits."""
        login = Started(self, "auth", "login", "--insecure-storage", "--no-browser")
        code = login.wait_for(r"\b([BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4})\b")
        self.approve(code)
        return login.finish()

    def log_in_with_token(self, *more_scopes: str) -> Ran:
        """Make a token on the settings page, and log in with it by standard input."""
        scopes = " ".join((*SCOPES, *more_scopes))
        query = urlencode({"name": "terminal", "scopes": scopes, "expires": "30"})
        self.browser.open(f"/settings/tokens/new?{query}")
        self._prove_presence()
        self.browser.submit(having="scopes")
        token = re.search(r"moby_pat_[0-9A-Za-z]{36}", self.browser.page.text)
        if token is None:
            raise RuntimeError("the page shows no new token")
        return self.moby("auth", "login", "--with-token", "--insecure-storage", input_text=token[0])

    def approve(self, user_code: str) -> None:
        """Enter the code at /device and approve what it shows."""
        self.browser.open("/device")
        self.browser.submit(having="user_code", user_code=user_code)
        self._prove_presence()
        self.browser.submit(having="/device/approve")

    def _prove_presence(self) -> None:
        """Type the password again if the page asks for a recent sign-in."""
        if "reauthenticate" in self.browser.page.url:
            self.browser.submit(having="password", password=self.password)

    def pay(self, checkout_url: str) -> None:
        """Pay on the hosted page, and confirm the payment to the bank if it asks."""
        self.browser.open(checkout_url)
        self.browser.submit(having="pay", button=("action", "pay"))
        if any(("action", "authenticated") in form.buttons for form in self.browser.forms()):
            self.browser.submit(having="authenticated", button=("action", "authenticated"))

    def prove(self, e164: str) -> None:
        """Verify a phone with the code that it received."""
        self.moby("caller-id", "request", e164)
        self.moby("caller-id", "confirm", self.code_received(e164))

    def top_up(self, amount: str) -> Ran:
        """Pay while `moby topup` waits."""
        waiting = Started(self, "topup", amount, "--wait")
        self.pay(waiting.wait_for(r"(https?://\S+/c/pay/\S+)"))
        return waiting.finish()

    def code_received(self, e164: str) -> str:
        """The newest verification code on the sandbox phone of a number."""
        answer = self.stack.control(f"messages?to={e164.replace('+', '%2B')}").json()
        return str(answer["messages"][-1]["code"])


class Started:
    """A `moby` that runs while something else happens. Both streams are kept as one text."""

    def __init__(self, customer: Customer, *arguments: str) -> None:
        self.arguments = arguments
        self.text = ""
        self.process = subprocess.Popen(
            ["moby", *arguments],
            env=customer.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        self._reader = threading.Thread(target=self._read, args=[self.process.stdout], daemon=True)
        self._reader.start()

    def _read(self, output: IO[bytes]) -> None:
        while chunk := os.read(output.fileno(), 4096):
            self.text += chunk.decode(errors="replace")

    def wait_for(self, pattern: str, *, seconds: float = 30) -> str:
        """Wait until the output has the pattern. Return its first group."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = re.search(pattern, self.text)
            if found:
                return found[1]
            time.sleep(0.05)
        raise RuntimeError(f"moby {' '.join(self.arguments)} printed no {pattern}: {self.text}")

    def finish(self, *, seconds: float = 90) -> Ran:
        code = self.process.wait(timeout=seconds)
        self._reader.join(timeout=5)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return Ran(self.arguments, self.text, "", code)
