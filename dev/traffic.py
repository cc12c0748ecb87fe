"""What one customer of `make soak` does: reads, calls, top-ups, devices and sign-ins, by weight."""

import random
import time
from collections import Counter
from collections.abc import Callable

import requests

from dev.api_customer import DESTINATION, ApiCustomer
from dev.browser import Browser
from dev.tally import CountingSession

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


WEIGHTS = {
    "balance": 40,
    "history": 10,
    "transactions": 10,
    "rates": 5,
    "quote": 10,
    "call": 20,
    "top-up": 2,
    "device": 1,
    "sign-in": 1,
}


class Traffic:
    """One customer's actions until the time is over, each of its requests in the tally."""

    def __init__(self, customer: ApiCustomer, seconds: float) -> None:
        self.customer = customer
        self.ends_at = time.monotonic() + seconds
        browser = customer.person.browser
        cookies = browser.session.cookies
        browser.session = CountingSession(customer.tally, customer.web)
        browser.session.cookies.update(cookies)
        self.steps: dict[str, Callable[[], object]] = {
            "balance": lambda: customer.ask("GET", "balance").raise_for_status(),
            "history": lambda: customer.ask("GET", "calls").raise_for_status(),
            "transactions": lambda: customer.ask("GET", "transactions").raise_for_status(),
            "rates": lambda: customer.ask("GET", "rates/GB").raise_for_status(),
            "quote": lambda: customer.post("quote", to=DESTINATION).raise_for_status(),
            "call": lambda: customer.call(tries=3).raise_for_status(),
            "top-up": lambda: customer.top_up(500),
            "device": self.sign_a_device_in,
            "sign-in": self.sign_in,
        }

    def run(self) -> Counter[str]:
        """Returns which actions came to their end, and how often.

        What was refused or lost is in the tally, and the next is tried; anything else is an error
        of whoever reads the result.
        """
        done: Counter[str] = Counter()
        names, weights = list(WEIGHTS), list(WEIGHTS.values())
        while time.monotonic() < self.ends_at:
            name = random.choices(names, weights)[0]  # noqa: S311 - traffic is no secret
            try:
                self.steps[name]()
            except requests.RequestException:
                continue
            done[name] += 1
        return done

    def sign_in(self) -> None:
        """A new browser signs in with the password and reads its home page."""
        person = self.customer.person
        with CountingSession(self.customer.tally, self.customer.web) as session:
            browser = Browser(self.customer.web, person.stack.sandbox, session)
            browser.sign_in(person.email, person.password)
            browser.open("/home")

    def sign_a_device_in(self) -> None:
        """A device asks, the person approves, the device has its token."""
        begun = self._ask_oauth("device_authorization")
        self.customer.person.approve(begun["user_code"])
        self._ask_oauth("token", device_code=begun["device_code"], grant_type=DEVICE_GRANT)

    def _ask_oauth(self, path: str, **form: str) -> dict[str, str]:
        url = f"{self.customer.web}/oauth/{path}"
        with CountingSession(self.customer.tally, self.customer.web) as session:
            answer = session.post(url, data={"client_id": "moby-cli", **form}, timeout=30)
        answer.raise_for_status()
        said: dict[str, str] = answer.json()
        return said
