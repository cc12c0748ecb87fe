"""moby caller-id: verify that a phone is yours, and choose which one calls."""

from typing import cast

from cleo.helpers import argument, option

from moby.api.answers import (
    AsksForKey,
    CallerId,
    CallerIds,
    CallMode,
    DefaultCountry,
    Number,
    OnlyMyNumber,
    Registration,
    Status,
    Verification,
)
from moby.calls import find_caller_id, read_code
from moby.cli.command import KEY_OPTION, WEB_OPTION, Command, read_key, repeatable
from moby.errors import MobyError, interrupted
from moby.store.settings import read_mode
from moby.text import clean, local

_CHANNELS = {"sms": "SMS", "call": "a voice call"}
_POLL_SECONDS = 2.0
_PATIENCE_SECONDS = 300.0  # the carrier's call and its report take no longer
_FAILURES = {
    "not_keyed_in": "the code was not keyed in",
    "no_answer": "no one answered",
    "busy": "the phone was busy",
    "unreachable": "the phone could not be reached",
    "no_news": "the carrier never said how it ended",
    "refused": "the carrier refused to call it",
    "none": "the registration was removed",  # a state, which has no failure
}


class CallerIdRequestCommand(Command):
    name = "caller-id request"
    description = "Have a code sent to a phone, to verify that it is yours"
    arguments = [
        argument("number", "The phone, as you would write it.", optional=True, multiple=True)
    ]
    options = [
        option("country", None, "The country the number is written for, such as GB.", flag=False),
        option("channel", None, "How the code comes: sms or call.", flag=False),
        KEY_OPTION,
    ]

    def handle(self) -> int:
        channel, country = self.text("channel"), self.text("country")
        if channel is not None and channel not in _CHANNELS:
            raise MobyError("usage", f"--channel cannot be {channel!r}", "Use sms or call.")
        guided = not self.argument("number")
        if guided:
            number, country, channel = self._ask(country, channel)
        else:
            number = self.word("number")
        body = {"number": number, "country": country, "channel": channel}
        key = read_key(self.text("idempotency-key"))
        with repeatable(key):
            verification = self.api.post("caller-ids", Verification, body, key=key)
        how = _CHANNELS.get(verification["channel"], "phone")
        self.answer(
            verification,
            f"A code is on its way to {clean(verification['e164'])} by {how}.",
            f"It is valid until {local(verification['expires_at'])}.",
        )
        if not (guided and self._confirmed(verification)):
            self.console.write("Enter it with: moby caller-id confirm CODE")
        return 0

    def _confirmed(self, verification: Verification) -> bool:
        """Ask for the code, as often as the server allows; return False if it is entered later."""
        while code := self.console.ask("The code (empty to enter it later)"):
            try:
                body = {"code": read_code(code), "verification_id": verification["verification_id"]}
                verified = self.api.post("caller-ids/confirm", CallerId, body, key=read_key(None))
            except MobyError as error:
                if error.code not in ("wrong_code", "usage"):
                    raise
                self.console.fail(error)
                continue
            self.console.write(f"{clean(verified['e164'])} is yours to call from.")
            return True
        return False

    def _ask(self, country: str | None, channel: str | None) -> tuple[str, str | None, str]:
        """Guide a person to a number that can be called, before anything is sent."""
        if not self.console.can_ask:
            raise MobyError(
                "usage", "no number was given", "For example: moby caller-id request +447400123456"
            )
        while True:
            country = country or self.console.ask("Country of the phone, such as GB") or None
            number = self.console.ask("Its number, as you would dial it there")
            if not number:
                continue
            try:
                checked_number = self.api.post(
                    "numbers/check", Number, {"number": number, "country": country}
                )
            except MobyError as error:
                if error.exit_code != 2:
                    raise
                self.console.fail(error)
                if error.code == "unknown_country":
                    country = None
                continue
            where = f"{checked_number['international']} ({checked_number['country_name']})"
            if self.console.confirm(f"{clean(where)}: is that your phone?", default=True):
                break
        if channel is None:
            choice = self.console.choose("How should the code come?", ["SMS", "Voice call"])
            channel = ("sms", "call")[choice]
        return checked_number["e164"], checked_number["country"], channel


class CallerIdConfirmCommand(Command):
    name = "caller-id confirm"
    description = "Enter the code that came to the phone"
    help = (
        "With the code alone, the phone of the latest request is meant:\n\n"
        "  moby caller-id confirm 123456\n\n"
        "The older form names the phone:\n\n"
        "  moby caller-id confirm 07400123456 123456 --country GB"
    )
    arguments = [
        argument(
            "code-or-number", "The code; or the number, with the code after it.", optional=True
        ),
        argument("code", "The code, after a number.", optional=True),
    ]
    options = [
        option("country", None, "The country the number is written for, such as GB.", flag=False),
        KEY_OPTION,
    ]

    def handle(self) -> int:
        first, second = self.word("code-or-number", "The code that came"), self.argument("code")
        body = {
            "code": read_code(second or first),
            "number": first if second else None,
            "country": self.text("country"),
        }
        key = read_key(self.text("idempotency-key"))
        with repeatable(key):
            verified = self.api.post("caller-ids/confirm", CallerId, body, key=key)
        number = clean(verified["e164"])
        lines = [f"{number} is yours: people you call see this number, where it may be shown."]
        if not verified["is_default"]:
            lines.append(f"To call from it always: moby caller-id default {clean(verified['id'])}")
        return self.answer(verified, *lines)


class CallerIdListCommand(Command):
    name = "caller-id list"
    description = "List your verified phones"
    options = [WEB_OPTION]

    def handle(self) -> int:
        if self.opens_page("/caller-ids"):
            return 0
        caller_ids = self.api.get("caller-ids", CallerIds)
        if self.console.json:
            return self.answer(caller_ids)
        if caller_ids["items"]:
            rows = [
                (
                    c["e164"],
                    c["country"],
                    "yes" if c["is_default"] else "",
                    local(c["verified_at"]),
                    c["id"],
                )
                for c in caller_ids["items"]
            ]
            self.console.table(("Phone", "Country", "Default", "Verified", "Id"), rows)
        else:
            self.console.write("No phone yet. Verify yours with: moby caller-id request NUMBER")
        if registered := ", ".join(c["e164"] for c in caller_ids["items"] if c.get("registered")):
            self.console.write(f"Registered with our carrier: {clean(registered)}")
        pending = caller_ids["pending"]
        if pending:
            self.console.write(
                f"A code was sent to {clean(pending['e164'])}: moby caller-id confirm CODE"
            )
        return 0


class PhoneCommand(Command):
    """The base of the commands about one phone, which is asked for on a terminal."""

    arguments = [argument("phone", "Its number or its id (cid_…).", optional=True, multiple=True)]

    def find_phone(self) -> str:
        """Return the id of the phone."""
        return find_caller_id(self.api, self.word("phone", "Which of your phones"))


class CallerIdDefaultCommand(PhoneCommand):
    name = "caller-id default"
    description = "Call from this phone when nothing else is said"

    def handle(self) -> int:
        phone_id = self.find_phone()
        new_default = self.api.post(f"caller-ids/{phone_id}/default", CallerId)
        return self.answer(new_default, f"You now call from {clean(new_default['e164'])}.")


class CallerIdRemoveCommand(PhoneCommand):
    name = "caller-id remove"
    description = "Forget one of your phones"

    def handle(self) -> int:
        phone_id = self.find_phone()
        self.api.delete(f"caller-ids/{phone_id}")
        message = "Removed. No one can call from that phone with your account now."
        return self.answer({"id": phone_id, "removed": True}, message)


class CallerIdRegisterCommand(PhoneCommand):
    name = "caller-id register"
    description = "Register one of your phones with our carrier, so that its number is shown"
    help = (
        "Some countries show your number only once our carrier has registered it. The carrier\n"
        "calls the phone, in English; key in the six digits that moby shows."
    )
    options = [
        option("remove", None, "Have the carrier forget the number.", flag=True),
        option(
            "wait", None, "Wait for the end of the carrier's call, also with --json.", flag=True
        ),
        option("no-wait", None, "Start it and return at once.", flag=True),
        KEY_OPTION,
    ]

    def handle(self) -> int:
        path = f"caller-ids/{self.find_phone()}/register"
        if self.flag("remove"):
            self.api.delete(path)
            return self.answer({"registered": False}, "The carrier forgets that number now.")
        key = read_key(self.text("idempotency-key"))
        with repeatable(key):
            registration = self.api.post(path, Registration, key=key)
        waits = self.waits()
        if registration["state"] == "calling":
            phone, caller = clean(registration["e164"]), clean(registration["calls_from"])
            self._show(f"Our carrier calls {phone} from {caller}, in English.", waits=waits)
            self._show_code(registration["code"], waits=waits)
        if waits:
            try:
                registration = self._wait(path, registration)
            except KeyboardInterrupt as error:
                hint = "The carrier's call goes on; key in the code, or hang up."
                raise interrupted("no longer waiting", hint) from error
        return self._report(registration)

    def _report(self, registration: Registration) -> int:
        """Report the end, or the call that goes on; raise `registration_failed` if it failed."""
        if registration["state"] == "registered":
            number = clean(registration["e164"])
            return self.answer(registration, f"{number} is registered, so calls may show it.")
        if registration["state"] == "calling":
            late = "The code is on its way. See it with the same command."
            return self.answer(registration, *([] if registration["code"] else [late]))
        failure = registration["failure"] or registration["state"]
        why = _FAILURES.get(failure, clean(failure).replace("_", " "))
        again = "Calls work all the same. Try again with the same command."
        raise MobyError("registration_failed", f"not registered: {why}", again)

    def _show_code(self, code: str | None, *, waits: bool) -> None:
        if code:
            self._show(f"Pick up and key in: {clean(code)}", waits=waits)

    def _show(self, line: str, *, waits: bool) -> None:
        """Write a line that is needed while the phone rings.

        With --json the document comes after the wait, and --quiet drops what goes to stdout, so
        the line goes to stderr there.
        """
        if waits and (self.console.json or self.console.quiet):
            self.console.say(line)
        else:
            self.console.write(line)

    def _wait(self, path: str, registration: Registration) -> Registration:
        """Return the registration once the carrier's call has ended; show a code that is late."""
        clock = self.context.clock
        shown = registration["code"]
        deadline = clock.now() + _PATIENCE_SECONDS
        while registration["state"] == "calling":
            if clock.now() >= deadline:
                again = "Look again with the same command."
                raise MobyError("pending", "the carrier has not said yet how it ended", again)
            clock.sleep(_POLL_SECONDS)
            try:
                registration = self.api.get(path, Registration)
            except MobyError as error:
                if not error.retryable:
                    raise
            if registration["code"] not in (None, shown):
                shown = registration["code"]
                self._show_code(shown, waits=True)
        return registration


class SwitchCommand(Command):
    """A setting of the account that is on or off: shown without a word, changed with one."""

    arguments = [argument("setting", "on or off, to change it.", optional=True)]
    path: str
    field: str  # of the account, and of the answer
    kind: type[OnlyMyNumber | AsksForKey]
    line_off: str
    line_on: str

    def handle(self) -> int:
        setting = self.argument("setting")
        if setting not in (None, "on", "off"):
            raise MobyError("usage", f"{setting!r} is neither on nor off", "Use on or off.")
        if setting is None:
            account = cast("dict[str, bool]", self.api.get("status", Status)["account"])
            is_on = account.get(self.field, False)
        else:
            body = {self.field: setting == "on"}
            answer = self.api.post(self.path, self.kind, body, is_idempotent=True)
            is_on = cast("dict[str, bool]", answer)[self.field]
        return self.answer({self.field: is_on}, self.line_on if is_on else self.line_off)


class CallerIdOnlyMyNumberCommand(SwitchCommand):
    name = "caller-id only-my-number"
    description = "Show or change whether calls fail rather than show another number"
    path = "caller-ids/only-my-number"
    field = "only_my_number"
    kind = OnlyMyNumber
    line_off = "Calls show another number where yours is refused."
    line_on = "Calls fail where your own number cannot be shown."


class CallerIdAskForKeyCommand(SwitchCommand):
    name = "caller-id ask-for-key"
    description = "Show or change whether your phone asks for a 1 before the other one rings"
    path = "caller-ids/ask-for-key"
    field = "asks_for_key"
    kind = AsksForKey
    line_off = "The other phone rings as soon as yours is picked up, also by a voicemail."
    line_on = "Your phone asks you to press 1 before the other one rings."


class CallerIdCallModeCommand(Command):
    name = "caller-id call-mode"
    description = "Show or change how calls from a terminal are made, unless you say otherwise"
    arguments = [argument("mode", "callback or computer, to change it.", optional=True)]

    def handle(self) -> int:
        new_mode = self.argument("mode")
        if new_mode is None:
            mode = self.api.get("status", Status)["account"].get("call_mode", "callback")
        else:
            body = {"call_mode": read_mode(new_mode)}
            answer = self.api.post("caller-ids/call-mode", CallMode, body, is_idempotent=True)
            mode = answer["call_mode"]
        line = "Calls ring your phone first, unless you say otherwise."
        if mode == "computer":
            line = "Calls from a terminal use its computer, unless you say otherwise."
        return self.answer({"call_mode": mode}, line)


class CallerIdCountryCommand(Command):
    name = "caller-id country"
    description = "Show or change the country that your numbers are read in"
    arguments = [
        argument("country", "A code (GB) or a name, to change it.", optional=True, multiple=True)
    ]

    def handle(self) -> int:
        new_country = " ".join(self.argument("country")).strip()
        if new_country:
            answer = self.api.post("caller-ids/country", DefaultCountry, {"country": new_country})
            iso: str | None = answer["default_country"]
        else:
            iso = self.api.get("status", Status)["account"].get("default_country")
        line = "No country yet. Set it with: moby caller-id country GB"
        if iso is not None:
            line = f"A number without + is read as one in {clean(iso)}."
        return self.answer({"default_country": iso}, line)
