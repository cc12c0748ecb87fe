"""The page that talks, as the agent knows it: whether it is there, what it has to do, its call."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

from moby.errors import MobyError

PRESENT_SECONDS = 5.0  # between two requests of a page that is there
_STEP_SECONDS = 0.5
OVER = ("ended", "failed")
_LINES = ("starting", "ringing", "talking", "reconnecting", *OVER)


class LineReport(TypedDict):
    """The call that the page is in, or was in last, by the page's own reports."""

    call_id: str
    state: str
    muted: bool


class Report(TypedDict):
    """An answer of the agent about itself."""

    ready: bool
    page: bool
    microphone: str
    call: LineReport | None


def reason_not_ready(report: Report) -> str | None:
    """Return why no call can begin, None if one can."""
    if report["ready"]:
        return None
    if not report["page"]:
        return "its page is not open"
    if report["microphone"] == "unknown":
        return "its page asks for the microphone"
    return f"its microphone is {report['microphone']}"


@dataclass
class Line:
    """The call that the page talks in, by the page's own reports."""

    call_id: str
    state: str = "starting"
    is_muted: bool = False
    over_since: float | None = None
    is_hung_up: bool = False  # on the page, by the person

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    def report(self) -> LineReport:
        return {"call_id": self.call_id, "state": self.state, "muted": self.is_muted}

    def enter(self, state: str) -> None:
        self.state = state
        if self.is_over:
            self.over_since = time.monotonic()


class Phone:
    """Shared by the threads of the server. A page fetches its orders and reports its news."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._code = ""
        self._page_secret = ""
        self._orders: list[dict[str, object]] = []
        self._number = 0
        self._fetching = 0
        self._seen_at = float("-inf")
        self._wants_token = False
        self.microphone = "unknown"
        self.line: Line | None = None

    # The page

    def new_code(self) -> str:
        """Return a code with which one page may enter, once."""
        with self._changed:
            self._code = secrets.token_urlsafe(24)
            return self._code

    def enter(self, shown: str) -> str | None:
        """Give a page its new secret, for the code, or for the secret that it had before a reload.

        Return None for a wrong code. Raise `agent_busy` if another page is in a call.
        """
        with self._changed:
            by_code = bool(self._code) and secrets.compare_digest(
                shown.encode(), self._code.encode()
            )
            if not by_code and not self.is_page(shown):
                return None
            if by_code and self.is_in_call and self.is_present:
                raise MobyError("agent_busy", "another page of this agent is in a call")
            if self.line and not self.line.is_over:  # its sound went with the page before
                self.line.enter("ended")
            if by_code:
                self._code = ""
            self._page_secret = secrets.token_urlsafe(24)
            self._orders.clear()
            self._number = 0
            self.microphone = "unknown"
            self._changed.notify_all()
            return self._page_secret

    def is_page(self, shown: str) -> bool:
        with self._changed:
            secret = self._page_secret
            return bool(secret) and secrets.compare_digest(shown.encode(), secret.encode())

    def orders_after(
        self, number: int, shown: str, *, seconds: float, is_gone: Callable[[], bool]
    ) -> list[dict[str, object]]:
        """Return the orders that the page does not know, as soon as there are some."""
        deadline = time.monotonic() + seconds
        with self._changed:
            self._fetching += 1
            try:
                while self.is_page(shown) and not is_gone():
                    self._orders = [
                        order for order in self._orders if int(str(order["number"])) > number
                    ]
                    if self._orders or time.monotonic() >= deadline:
                        break
                    self._changed.wait(_STEP_SECONDS)
                return list(self._orders) if self.is_page(shown) else []
            finally:
                self._fetching -= 1
                self._seen_at = time.monotonic()

    def report(self, news: dict[str, object]) -> None:
        """Record what the page says of the microphone and of its call."""
        with self._changed:
            microphone = news.get("microphone")
            if microphone in ("granted", "refused", "missing"):
                self.microphone = str(microphone)
            self._report_line(news)
            self._changed.notify_all()

    def _report_line(self, news: dict[str, object]) -> None:
        """Record what the page says of the call that it is in; ignore any other call."""
        line = self.line
        if line is None or line.is_over or news.get("call_id") != line.call_id:
            return
        muted, state = news.get("is_muted"), news.get("state")
        if isinstance(muted, bool):
            line.is_muted = muted
        if news.get("wants_token") is True:
            self._wants_token = True
        if news.get("is_hung_up") is True:
            line.is_hung_up = True
        if state in _LINES:
            line.enter(str(state))

    @property
    def is_present(self) -> bool:
        with self._changed:
            return self._fetching > 0 or time.monotonic() - self._seen_at < PRESENT_SECONDS

    @property
    def is_ready(self) -> bool:
        return self.is_present and self.microphone == "granted"

    @property
    def is_in_call(self) -> bool:
        return self.line is not None and not self.line.is_over

    # Its call

    def start(self, call_id: str, order: dict[str, object]) -> None:
        """Have the page start a call; a second request for the same call does nothing."""
        with self._changed:
            if self.line is not None and self.line.call_id == call_id:
                return
            if self.is_in_call:
                raise MobyError("agent_busy", "the agent is in another call")
            if not self.is_ready:
                raise MobyError("agent_not_ready", "the agent's page is not ready")
            self.line = Line(call_id)
            self._order("call", call_id=call_id, **order)

    def order(self, kind: str, call_id: str, **fields: object) -> Line:
        """Have the page do something in its call; raise `not_found` for any other call."""
        with self._changed:
            line = self.line
            if line is None or line.is_over or line.call_id != call_id:
                raise MobyError("not_found", f"the agent is not in the call {call_id}")
            self._order(kind, call_id=call_id, **fields)
            return line

    def lose(self) -> None:
        """Give up a call whose page is gone."""
        with self._changed:
            if self.line is not None and not self.line.is_over:
                self.line.enter("ended")

    def take_wish_for_token(self) -> bool:
        """Return whether the page has asked for another token of its call since the last time."""
        with self._changed:
            wanted, self._wants_token = self._wants_token, False
            return wanted

    def wait(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait(seconds)

    def _order(self, kind: str, **fields: object) -> None:
        self._number += 1
        self._orders.append({"number": self._number, "kind": kind, **fields})
        self._changed.notify_all()
