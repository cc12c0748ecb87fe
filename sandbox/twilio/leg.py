"""One leg of a call: what it is, and its own clock."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sandbox.clock import Callback, Timeline
from sandbox.ids import twilio_sid
from sandbox.twilio.answers import rfc2822

FINAL = ("completed", "busy", "no-answer", "failed", "canceled")
EVENTS = ("initiated", "ringing", "answered", "completed")
API_VERSION = "2010-04-01"


@dataclass(frozen=True, kw_only=True)
class StatusCallback:
    url: str
    method: str = "POST"
    events: tuple[str, ...] = ("completed",)


class Client(Protocol):
    """The program at the end of a leg that has no telephone: a client of the Voice SDK."""

    def callee_rings(self) -> None: ...

    def leg_answered(self) -> None: ...

    def leg_ended(self) -> None: ...


@dataclass(eq=False, kw_only=True)
class Leg:
    """`time` is the instant of the leg's latest event on the pace timeline.

    Everything that follows is timed from there, not from when the loop came to run it, so that a
    call's length is exact at any speed. While the product is being asked for TwiML the leg is
    stalled: it ages by the real seconds of that request, and its timers wait.
    """

    timeline: Timeline
    created_at: datetime
    account_sid: str
    to: str
    caller: str
    direction: str
    time: float
    parent: "Leg | None" = None
    callback: StatusCallback | None = None
    time_limit: float = 14_400.0
    sid: str = field(default_factory=lambda: twilio_sid("CA"))
    status: str = "queued"
    sequence: int = 0
    began: float = 0.0
    answered: float | None = None
    ended: float | None = None
    price: str | None = None
    client: Client | None = None
    digits_sent: str = ""
    digits_heard: str = ""
    error_code: str = ""
    currency: str = "USD"
    queued_seconds: float = 0.0
    on_answer: Callable[["Leg"], None] = lambda leg: None
    on_end: Callable[["Leg"], None] = lambda leg: None
    on_star: Callable[[], None] | None = None
    on_key: Callable[[str], None] | None = None  # set while a <Gather> listens
    questions: int = 0  # how many <Gather>s there were
    children: list["Leg"] = field(default_factory=list)
    stalls: int = 0
    _waiting: list[tuple[float, Callback]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.began = self.time
        if self.parent is not None:
            self.parent.children.append(self)

    @property
    def is_over(self) -> bool:
        return self.status in FINAL

    @property
    def listed_status(self) -> str:
        """The status in the REST API; `initiated` exists only in callbacks."""
        return "queued" if self.status == "initiated" else self.status

    def after(self, seconds: float, callback: Callback) -> None:
        self.at(self.time + seconds, callback)

    def at(self, due: float, callback: Callback) -> None:
        """Nothing cancels a timer: callbacks look whether they are still wanted."""
        self.timeline.call_at(due, lambda: self._run(due, callback))

    def _run(self, due: float, callback: Callback) -> None:
        if self.is_over:
            return
        if self.stalls:
            self._waiting.append((due, callback))
            return
        self.time = max(self.time, due)
        callback()

    def stall(self) -> None:
        self.stalls += 1

    def resume(self, time: float) -> None:
        self.time = max(self.time, time)
        self.stalls -= 1
        if not self.stalls:
            waiting, self._waiting = self._waiting, []
            for due, callback in waiting:
                self.at(due, callback)

    def catch_up(self) -> None:
        """Something from outside happens now: a person's click, a request of the product."""
        self.time = max(self.time, self.timeline.now())

    def instant(self, time: float | None) -> datetime | None:
        return None if time is None else self.created_at + timedelta(seconds=time - self.began)

    @property
    def duration_seconds(self) -> int:
        if self.answered is None or self.ended is None:
            return 0
        return math.ceil(self.ended - self.answered - 1e-6)

    def fields(self) -> dict[str, str]:
        """Return the fields that every request of Twilio has about a call."""
        fields = {
            "CallSid": self.sid,
            "AccountSid": self.account_sid,
            "From": self.caller,
            "To": self.to,
            "Caller": self.caller,
            "Called": self.to,
            "Direction": self.direction,
            "ApiVersion": API_VERSION,
            "CallStatus": self.status,
        }
        return fields | ({"ParentCallSid": self.parent.sid} if self.parent else {})

    def as_json(self) -> dict[str, Any]:
        """The Call resource."""
        uri = f"/{API_VERSION}/Accounts/{self.account_sid}/Calls/{self.sid}"
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "parent_call_sid": self.parent.sid if self.parent else None,
            "to": self.to,
            "to_formatted": self.to,
            "from": self.caller,
            "from_formatted": self.caller,
            "phone_number_sid": None,
            "status": self.listed_status,
            "start_time": rfc2822(self.instant(self.answered)),
            "end_time": rfc2822(self.instant(self.ended)),
            "duration": str(self.duration_seconds) if self.answered and self.ended else None,
            "price": self.price,
            "price_unit": self.currency,
            "direction": self.direction,
            "answered_by": None,
            "api_version": API_VERSION,
            "forwarded_from": None,
            "group_sid": None,
            "caller_name": None,
            "queue_time": str(round(self.queued_seconds * 1000)),
            "trunk_sid": None,
            "date_created": rfc2822(self.created_at),
            "date_updated": rfc2822(self.instant(self.time)),
            "uri": f"{uri}.json",
            "subresource_uris": {"events": f"{uri}/Events.json"},
        }
