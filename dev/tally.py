"""How requests ended: statuses, the codes of refusals, and how long each took."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests

LOST = "connection lost"


@dataclass
class Tally:
    """Status 0 stands for a connection that was lost."""

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
    """Adds to a tally how each of its requests to a site ends; other sites are not counted."""

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
    """The code of our error contract or of OAuth's; the status where a page was refused."""
    if answer is None:
        return LOST
    try:
        error = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"
    return str(error["code"] if isinstance(error, dict) else error)
