"""Carrying out a TwiML document on one leg."""

from collections.abc import Callable, Mapping
from urllib.parse import urljoin

from sandbox.twilio import twiml
from sandbox.twilio.dial import Dial, RefusedDial
from sandbox.twilio.gather import Gather
from sandbox.twilio.leg import Leg
from sandbox.twilio.permissions import Unreachable
from sandbox.twilio.switchboard import Switchboard
from sandbox.twilio.twiml import TwimlError, Verb
from sandbox.webhooks import Attempt

APOLOGY_SECONDS = 4.0  # "We are sorry, an application error has occurred. Goodbye."


class Script:
    """`on_done` is called when the document has no more to say and the leg still lives."""

    def __init__(
        self,
        board: Switchboard,
        leg: Leg,
        *,
        may_show: Callable[[Leg, str, str], bool],
        find_refusal: Callable[[str], Unreachable | None],
        refused_dial: RefusedDial,
        on_done: Callable[[], None],
    ) -> None:
        self._board = board
        self._leg = leg
        self._may_show = may_show
        self._find_refusal = find_refusal
        self._refused_dial = refused_dial
        self._on_done = on_done
        self._verbs: list[Verb] = []
        self._url = ""
        self._dial: Dial | None = None
        self._gather: Gather | None = None
        self._is_replaced = False

    def fetch(
        self, url: str, *, method: str = "POST", extra: Mapping[str, str] | None = None
    ) -> None:
        self._url = url
        self._board.ask(
            self._leg, kind="twiml", url=url, method=method, extra=extra, then=self.read
        )

    def read(self, attempt: Attempt) -> None:
        """Go on with the document that the product answered."""
        if self._is_stopped:
            return
        if attempt.succeeded:
            self.load(attempt.text)
        else:
            code = 11200 if attempt.status else 11205
            self._apologise(code, f"{self._url}: {attempt.status or attempt.error}")

    def load(self, document: str) -> None:
        try:
            self._verbs = twiml.parse(document)
        except TwimlError as error:
            self._apologise(error.code, str(error))
        else:
            self._step()

    def replace(self) -> None:
        """Another document takes over: what this one was doing ends, and says nothing more."""
        self._is_replaced = True
        if self._dial is not None:
            self._dial.abandon()
        if self._gather is not None:
            self._gather.abandon()

    @property
    def _is_stopped(self) -> bool:
        return self._is_replaced or self._leg.is_over

    def _step(self) -> None:
        if self._is_stopped:
            return
        if not self._verbs:
            self._answer()
            self._on_done()
            return
        verb = self._verbs.pop(0)
        carry_out = getattr(self, f"_do_{verb.name.lower()}", None)
        if verb.name not in twiml.VERBS or carry_out is None:
            self._board.complain(self._leg, 12200, f"<{verb.name}> is not played by the sandbox")
            self._step()
            return
        if verb.answers_call:
            self._answer()
        try:
            carry_out(verb)
        except TwimlError as error:
            self._apologise(error.code, str(error))

    def _do_say(self, verb: Verb) -> None:
        self._leg.after(twiml.spoken_seconds(verb), self._step)

    def _do_pause(self, verb: Verb) -> None:
        self._leg.after(verb.seconds("length", 1, lowest=1, highest=3600), self._step)

    def _do_hangup(self, _verb: Verb) -> None:
        self._board.end(self._leg, "completed")

    def _do_gather(self, verb: Verb) -> None:
        self._gather = Gather(
            self._board, self._leg, verb, on_end=lambda digits: self._after_gather(verb, digits)
        )
        self._gather.begin()

    def _after_gather(self, verb: Verb, digits: str) -> None:
        """Without digits the next verb follows, unless the <Gather> wants to know that too."""
        self._gather = None
        if not digits and not verb.flag("actionOnEmptyResult"):
            self._step()
            return
        self._request_action(
            verb, verb.attributes.get("action", self._url), "gather_action", {"Digits": digits}
        )

    def _do_reject(self, verb: Verb) -> None:
        """End the call unanswered; one that was answered already is only hung up."""
        reason = "busy" if verb.attributes.get("reason") == "busy" else "no-answer"
        self._board.end(self._leg, reason if self._leg.status == "ringing" else "completed")

    def _do_dial(self, verb: Verb) -> None:
        self._dial = Dial(
            self._board,
            self._leg,
            verb,
            base_url=self._url,
            may_show=self._may_show,
            find_refusal=self._find_refusal,
            refused_dial=self._refused_dial,
            on_end=lambda: self._after_dial(verb),
            on_apology=self._apologise,
        )
        self._dial.begin()

    def _after_dial(self, verb: Verb) -> None:
        """With an action, its answer is all that follows; it is asked even of a caller who left."""
        dial, self._dial = self._dial, None
        action = verb.attributes.get("action")
        if dial is None or self._is_replaced:
            return
        if action is None:
            self._step()
            return
        self._request_action(verb, action, "dial_action", dial.result())

    def _request_action(self, verb: Verb, action: str, kind: str, fields: dict[str, str]) -> None:
        """Ask the product for the document that takes the place of the rest of this one."""
        self._verbs.clear()
        self._url = urljoin(self._url, action)
        self._board.ask(
            self._leg,
            kind=kind,
            url=self._url,
            method=verb.attributes.get("method", "POST"),
            extra=fields,
            then=self.read,
        )

    def _answer(self) -> None:
        """Answer a client's call that still rings: all but <Reject> is said on an answered call."""
        if self._leg.status == "ringing":
            self._board.pick_up(self._leg)

    def _apologise(self, code: int, message: str) -> None:
        self._answer()
        self._board.complain(self._leg, code, message, url=self._url)
        self._leg.after(APOLOGY_SECONDS, lambda: self._board.end(self._leg, "completed"))
