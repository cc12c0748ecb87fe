"""Customers who use only the HTTP API, as their scripts do, and a count of how requests ended."""

import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests

from dev.customer import Customer

LOST = "connection lost"


@dataclass
class Tally:
    """Statuses, codes of refusals, and seconds of requests. Status 0: connection lost."""

    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def add(self, answer: requests.Response | None, seconds: float) -> None:
        self.seconds.append(seconds)
        self.statuses[answer.status_code if answer is not None else 0] += 1
        if answer is None or not answer.ok:
            self.codes[code_of(answer)] += 1

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.statuses + other.statuses,
            self.codes + other.codes,
            self.seconds + other.seconds,
        )


class CountingSession(requests.Session):
    """A session that counts its requests to one site in a tally, by how they ended."""

    def __init__(self, tally: Tally, site: str) -> None:
        super().__init__()
        self.trust_env = False
        self.tally = tally
        self.site = site

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]  # options are handed on by name
        started = time.perf_counter()
        answer = None
        try:
            answer = super().request(method, url, **options)
        finally:
            if url.startswith(self.site):
                self.tally.add(answer, time.perf_counter() - started)
        return answer


def code_of(answer: requests.Response | None) -> str:
    """Return the code of the error, of the API or OAuth, or the status where a page was refused."""
    if answer is None:
        return LOST
    try:
        error = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"
    return str(error["code"] if isinstance(error, dict) else error)


WORTH_REPEATING = {409, 429, 502, 503, 504}
DESTINATION = "+442079460018"


@dataclass
class ApiCustomer:
    """A customer who repeats a request that may be repeated, with its key, as `moby` does."""

    web: str
    token: str
    person: Customer
    phone: str = ""
    tally: Tally = field(default_factory=Tally)

    def ask(self, method: str, path: str, *, web: str = "", **options: Any) -> requests.Response:
        """Send a request over a new connection. A lost connection raises RequestException."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        site = web or self.web
        url = f"{site}/api/cli/v1/{path}"
        with CountingSession(self.tally, site) as session:
            return session.request(method, url, headers=headers, timeout=45, **options)

    def post(self, path: str, *, tries: int = 8, key: str = "", **body: Any) -> requests.Response:
        """Send a POST until it is answered, at most `tries` times. Return the last answer."""
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
        """Pay on the hosted page. Return the id of the top-up."""
        answer = self.post("topups", amount_cents=amount_cents)
        answer.raise_for_status()
        topup = answer.json()
        self.person.pay(topup["checkout_url"])
        return str(topup["topup_id"])
