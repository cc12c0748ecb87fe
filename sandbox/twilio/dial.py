"""<Dial>: calling others and connecting them. https://www.twilio.com/docs/voice/twiml/dial"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin

import phonenumbers

from sandbox.twilio.leg import EVENTS, Leg, StatusCallback
from sandbox.twilio.permissions import Unreachable
from sandbox.twilio.switchboard import Switchboard
from sandbox.twilio.twiml import TwimlError, Verb

MAX_DIAL_SECONDS = 14_400


@dataclass(frozen=True, kw_only=True)
class RefusedDial:
    """The traces of a refused <Dial>: a leg that failed, a request to `action`, its error code."""

    sid: bool = False
    action: bool = True
    code: bool = False


class Dial:
    """Up to ten numbers ring at once; the first to answer is connected, the others stop ringing."""

    def __init__(
        self,
        board: Switchboard,
        parent: Leg,
        verb: Verb,
        *,
        base_url: str,
        may_show: Callable[[Leg, str, str], bool],
        find_refusal: Callable[[str], Unreachable | None],
        refused_dial: RefusedDial,
        on_end: Callable[[], None],
        on_apology: Callable[[int, str], None],
    ) -> None:
        self._board = board
        self._parent = parent
        self._verb = verb
        self._base_url = base_url
        self._may_show = may_show
        self._find_refusal = find_refusal
        self._refused_dial = refused_dial
        self._on_end = on_end
        self._on_apology = on_apology
        self._refusal: dict[str, str] = {}
        self._legs: list[Leg] = []
        self._answered: Leg | None = None
        self._is_bridged = False
        self._is_over = False

    def begin(self) -> None:
        timeout = self._verb.seconds("timeout", 30, lowest=5, highest=600)
        self._limit = self._verb.seconds(
            "timeLimit", MAX_DIAL_SECONDS, lowest=1, highest=MAX_DIAL_SECONDS
        )
        caller = self._verb.attributes.get("callerId", self._parent.caller)
        self._parent.on_end = self._caller_left
        if not all(self._may_show(self._parent, caller, noun.text) for noun in self._numbers()):
            self._refuse(13214, "Dial: Invalid callerId value", caller)
            return
        refusals = [self._find_refusal(noun.text) for noun in self._numbers()]
        if refusals and all(refusals) and (first := refusals[0]):
            self._refuse(first.dial_code, first.message.format(self._numbers()[0].text), caller)
            return
        for noun in self._numbers():
            self._ring(noun, caller, timeout)
        if not self._legs:
            self._finish()

    def abandon(self) -> None:
        """The caller is sent elsewhere: those who were called are hung up, nothing is reported."""
        self._is_over = True
        self._let_go_of_parent()
        self._hang_up_all(self._parent.time)

    def result(self) -> dict[str, str]:
        """The fields of the request to the action URL."""
        leg = self._answered or (self._legs[-1] if self._legs else None)
        if leg is None:
            return {"DialCallStatus": "failed"} | self._refusal
        fields = {"DialCallStatus": leg.status, "DialCallSid": leg.sid} | self._refusal
        fields["DialBridged"] = str(self._is_bridged).lower()
        if leg.answered is not None:
            fields["DialCallDuration"] = str(leg.duration_seconds)
        return fields

    def _numbers(self) -> list[Verb]:
        if self._verb.text:
            return [Verb(name="Number", attributes={}, text=self._verb.text)]
        unknown = [noun.name for noun in self._verb.nouns if noun.name != "Number"]
        if unknown or len(self._verb.nouns) > 10:
            raise TwimlError(12200, f"<Dial> may hold up to ten <Number>, not {unknown}")
        return list(self._verb.nouns)

    def _ring(self, noun: Verb, caller: str, timeout: int) -> None:
        if not is_dialable(noun.text):
            self._board.complain(self._parent, 13224, f"{noun.text} is no number")
            return
        leg = self._board.open_leg(
            to=noun.text,
            caller=caller,
            parent=self._parent,
            callback=status_callback(noun, self._base_url),
        )
        leg.digits_sent = noun.attributes.get("sendDigits", "")
        leg.on_answer = self._callee_answered
        leg.on_end = self._callee_left
        self._legs.append(leg)
        self._board.ring(leg, timeout_seconds=timeout)

    def _callee_answered(self, leg: Leg) -> None:
        if self._answered is not None:
            self._board.hang_up(leg)
            return
        self._answered = leg
        self._hang_up_all(leg.time, but=leg)
        self._is_bridged = True
        if self._parent.status == "ringing":  # answerOnBridge
            self._parent.time = max(self._parent.time, leg.time)
            self._board.pick_up(self._parent)
        if self._verb.flag("hangupOnStar"):
            self._parent.on_star = lambda: self._hang_up_all(self._parent.time)
        leg.after(self._limit, lambda: self._board.end(leg, "completed"))

    def _callee_left(self, leg: Leg) -> None:
        if self._answered is leg or all(one.is_over for one in self._legs):
            self._parent.time = max(self._parent.time, leg.time)
            self._finish()

    def _caller_left(self, parent: Leg) -> None:
        self._hang_up_all(parent.time)
        self._finish()

    def _hang_up_all(self, time: float, *, but: Leg | None = None) -> None:
        for leg in self._legs:
            if leg is not but:
                leg.time = max(leg.time, time)
                self._board.hang_up(leg)

    def _refuse(self, code: int, message: str, caller: str) -> None:
        """End without ringing anyone, and leave the traces that the refused <Dial> shall leave."""
        if self._refused_dial.code:
            self._refusal = {"ErrorCode": str(code), "ErrorMessage": message}
        for noun in self._numbers() if self._refused_dial.sid else ():
            callback = status_callback(noun, self._base_url)
            leg = self._board.open_leg(
                to=noun.text, caller=caller, parent=self._parent, callback=callback
            )
            leg.error_code = self._refusal.get("ErrorCode", "")
            self._legs.append(leg)
            self._board.end(leg, "failed")
        if self._refused_dial.action:
            self._board.complain(self._parent, code, message)
            self._finish()
        else:
            self._is_over = True
            self._let_go_of_parent()
            self._on_apology(code, message)

    def _finish(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._let_go_of_parent()
            self._on_end()

    def _let_go_of_parent(self) -> None:
        self._parent.on_end = lambda leg: None
        self._parent.on_star = None


def is_dialable(number: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False


def status_callback(noun: Verb, base_url: str) -> StatusCallback | None:
    url = noun.attributes.get("statusCallback")
    if url is None:
        return None
    events = tuple(noun.attributes.get("statusCallbackEvent", "completed").split())
    if unknown := set(events) - set(EVENTS):
        raise TwimlError(12200, f"Number@statusCallbackEvent: {', '.join(sorted(unknown))}")
    method = noun.attributes.get("statusCallbackMethod", "POST")
    return StatusCallback(url=urljoin(base_url, url), method=method, events=events)
