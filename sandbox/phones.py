"""The telephones of the sandbox: what a number does when it rings, and what has been sent to it."""

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from sandbox.ids import twilio_sid

Role = Literal["customer", "destination"]
OUTCOMES = ("answer", "voicemail", "busy", "no-answer", "failed", "manual")
KEYS = frozenset("0123456789*#")


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    outcome: str = "answer"
    answer_after_seconds: float = 2.0
    talk_seconds: float | None = None  # from its own answer; None: until the other side hangs up
    keys: str = "1"  # what the person presses, one key at each question
    key_after_seconds: float = 1.0  # from the beginning of the question
    speaks_hz: int | None = 440  # the tone that a client hears from it; None: silence
    keys_in_code: bool = True  # whether it enters the code that a validation call asks for
    validation_error: int | None = None  # what the API says when asked to validate this number
    verify_error: int | None = None  # what Verify says when asked to send a code here
    call_error: int | None = None  # what the API says when asked to ring here

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"outcome must be one of {', '.join(OUTCOMES)}")
        if not set(self.keys) <= KEYS:
            raise ValueError(f"keys may be {' '.join(sorted(KEYS))}")

    @property
    def answers(self) -> bool:
        """Whether it picks up by itself: a person, or the mailbox of one who does not."""
        return self.outcome in ("answer", "voicemail")

    def key_at(self, question: int) -> str:
        """Return what is pressed at a question, counted from 0; a mailbox presses nothing."""
        return "" if self.outcome == "voicemail" else self.keys[question : question + 1]


ROLES: dict[str, Behaviour] = {
    "customer": Behaviour(),
    "destination": Behaviour(talk_seconds=30.0),
}


@dataclass(kw_only=True)
class Message:
    to: str
    channel: str
    body: str
    sent_at: datetime
    id: str = field(default_factory=lambda: twilio_sid("SM"))

    def as_json(self) -> dict[str, Any]:
        code = re.search(r"\b\d{4,10}\b", self.body)
        return {
            "id": self.id,
            "to": self.to,
            "channel": self.channel,
            "body": self.body,
            "code": code.group() if code else None,
            "sent_at": self.sent_at.isoformat(),
        }


class Phones:
    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._roles = dict(ROLES)
        self._changes: dict[str, dict[str, Any]] = {}
        self._messages: defaultdict[str, list[Message]] = defaultdict(list)

    def behaviour(self, number: str, role: Role) -> Behaviour:
        return replace(self._roles[role], **self._changes.get(number, {}))

    def set_role(self, role: str, changes: dict[str, Any]) -> None:
        self._roles[role] = replace(self._roles[role], **changes)

    def set_number(self, number: str, changes: dict[str, Any]) -> None:
        """Only the named fields differ from what the number's role does."""
        Behaviour(**changes)
        self._changes[number] = self._changes.get(number, {}) | changes

    def is_manual(self, number: str) -> bool:
        return self._changes.get(number, {}).get("outcome") == "manual"

    def deliver(self, message: Message) -> None:
        self._messages[message.to].append(message)

    def messages(self, number: str | None = None) -> list[Message]:
        if number is not None:
            return list(self._messages.get(number, []))
        return sorted(
            (m for sent in self._messages.values() for m in sent), key=lambda m: m.sent_at
        )

    def known_numbers(self) -> set[str]:
        return {*self._messages, *self._changes}

    def as_json(self) -> dict[str, Any]:
        return {
            "roles": {role: vars(behaviour) for role, behaviour in self._roles.items()},
            "numbers": self._changes,
        }
