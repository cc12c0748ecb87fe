"""Customers who use nothing but the HTTP API, as their scripts do."""

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import requests

from dev.customer import Customer
from dev.tally import CountingSession, Tally

WORTH_REPEATING = {409, 429, 502, 503, 504}
DESTINATION = "+442079460018"


@dataclass
class ApiCustomer:
    """Repeats what may be repeated, with the same Idempotency-Key, as `moby` does."""

    web: str
    token: str
    person: Customer
    phone: str = ""
    tally: Tally = field(default_factory=Tally)

    def ask(self, method: str, path: str, *, web: str = "", **options: Any) -> requests.Response:
        """One request, of a connection of its own. A lost connection raises."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        site = web or self.web
        url = f"{site}/api/cli/v1/{path}"
        with CountingSession(self.tally, site) as session:
            return session.request(method, url, headers=headers, timeout=45, **options)

    def post(self, path: str, *, tries: int = 8, key: str = "", **body: Any) -> requests.Response:
        """A POST that is repeated until it is answered. Returns the last answer."""
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        for attempt in range(1, tries + 1):
            try:
                answer = self.ask("POST", path, json=body, headers=headers)
            except requests.RequestException:
                if attempt == tries:
                    raise
            else:
                if answer.status_code not in WORTH_REPEATING or attempt == tries:
                    return answer
            time.sleep(0.3)
        raise AssertionError("unreachable")

    def call(self, *, key: str = "", tries: int = 8) -> requests.Response:
        return self.post("calls", to=DESTINATION, max_seconds=60, key=key, tries=tries)

    def top_up(self, amount_cents: int) -> str:
        """Pays on the hosted page. Returns the id of the top-up."""
        answer = self.post("topups", amount_cents=amount_cents)
        answer.raise_for_status()
        topup = answer.json()
        self.person.pay(topup["checkout_url"])
        return str(topup["topup_id"])
