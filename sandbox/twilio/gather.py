"""<Gather>: asking for keys. https://www.twilio.com/docs/voice/twiml/gather"""

from collections.abc import Callable

from sandbox.phones import KEYS
from sandbox.twilio import twiml
from sandbox.twilio.leg import Leg
from sandbox.twilio.switchboard import Switchboard
from sandbox.twilio.twiml import TwimlError, Verb

UNLIMITED_DIGITS = 1_000


class Gather:
    """Keys are heard from the first word on, and the first one stops the voice.

    The time-out begins when the nested verbs have been spoken, and again with each key.
    """

    def __init__(
        self, board: Switchboard, leg: Leg, verb: Verb, *, on_end: Callable[[str], None]
    ) -> None:
        self._board = board
        self._leg = leg
        self._timeout = verb.seconds("timeout", 5, lowest=1, highest=600)
        self._most = verb.seconds("numDigits", UNLIMITED_DIGITS, lowest=1, highest=UNLIMITED_DIGITS)
        self._finish_key = verb.attributes.get("finishOnKey", "#")
        self._spoken_seconds = sum(map(nested_seconds, verb.nouns))
        self._on_end = on_end
        self._digits = ""
        self._is_over = False
        if verb.attributes.get("input", "dtmf") != "dtmf":
            raise TwimlError(12200, "<Gather> is played for input dtmf only")
        if self._finish_key and self._finish_key not in KEYS:
            raise TwimlError(12200, f"Gather@finishOnKey: {self._finish_key}")

    def begin(self) -> None:
        self._board.listen(self._leg, self._press)
        self._wait(self._spoken_seconds + self._timeout)

    def abandon(self) -> None:
        """The call is sent elsewhere: nothing is reported."""
        self._is_over, self._leg.on_key = True, None

    def _press(self, key: str) -> None:
        if key == self._finish_key:
            self._finish()
            return
        self._digits += key
        if len(self._digits) >= self._most:
            self._finish()
        else:
            self._wait(self._timeout)

    def _wait(self, seconds: float) -> None:
        """End after `seconds` without a key."""
        heard = self._digits
        self._leg.after(seconds, lambda: self._finish() if heard == self._digits else None)

    def _finish(self) -> None:
        if not self._is_over:
            self.abandon()
            self._on_end(self._digits)


def nested_seconds(verb: Verb) -> float:
    if verb.name == "Say":
        return twiml.spoken_seconds(verb)
    if verb.name == "Pause":
        return verb.seconds("length", 1, lowest=1, highest=3600)
    raise TwimlError(12200, f"<Gather> may hold <Say> and <Pause>, not <{verb.name}>")
