"""Customers who use nothing but the HTTP API, as their scripts do."""

import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests

from dev.customer import Customer

WORTH_REPEATING = {409, 429, 502, 503, 504}
DESTINATION = "+442079460018"


@dataclass
class ApiCustomer:
    """Repeats what may be repeated, with the same Idempotency-Key, as `moby` does."""

    web: str
    token: str
    person: Customer
    phone: str = ""
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def ask(self, method: str, path: str, *, web: str = "", **options: Any) -> requests.Response:
        """One request. A lost connection counts as status 0 and raises."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        url = f"{web or self.web}/api/cli/v1/{path}"
        started = time.perf_counter()
        try:
            answer = requests.request(method, url, headers=headers, timeout=45, **options)
        except requests.RequestException:
            self.statuses[0] += 1
            raise
        finally:
            self.seconds.append(time.perf_counter() - started)
        self.statuses[answer.status_code] += 1
        return answer

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
        topup = self.post("topups", amount_cents=amount_cents).json()
        self.person.pay(topup["checkout_url"])
        return str(topup["topup_id"])
