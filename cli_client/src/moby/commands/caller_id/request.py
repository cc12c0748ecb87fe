from cleo.helpers import argument, option

from moby.api.answers import CallerId, Number, Verification
from moby.api.idempotency import OPTION, read_key, repeatable
from moby.calls.caller_ids import read_code
from moby.cli.command import Command
from moby.errors import MobyError
from moby.show.instants import local
from moby.text import clean

_CHANNELS = {"sms": "a message", "call": "a voice call"}


class RequestCommand(Command):
    name = "caller-id request"
    description = "Have a code sent to a phone, to prove that it is yours"
    arguments = [
        argument("number", "The phone, as you would write it.", optional=True, multiple=True)
    ]
    options = [
        option("country", None, "The country the number is written for, such as GB.", flag=False),
        option("channel", None, "How the code comes: sms or call.", flag=False),
        OPTION,
    ]

    def handle(self) -> int:
        channel = self._channel()
        country = self.text("country")
        guided = not self.argument("number")
        if guided:
            number, country, channel = self._ask(country, channel)
        else:
            number = self.word("number")
        body = {"number": number, "country": country, "channel": channel}
        key = read_key(self.text("idempotency-key"))
        with repeatable(key):
            sent = self.api.post("caller-ids", Verification, body, key=key)
        if self.console.json:
            self.console.document(sent)
            return 0
        how = _CHANNELS.get(sent["channel"], "phone")
        self.console.write(f"A code is on its way to {clean(sent['e164'])} by {how}.")
        self.console.write(f"It is good until {local(sent['expires_at'])}.")
        if not (guided and self._confirmed(sent)):
            self.console.write("Enter it with: moby caller-id confirm CODE")
        return 0

    def _confirmed(self, sent: Verification) -> bool:
        """Take the code at once, as often as the server allows; False to do it later."""
        while code := self.console.ask("The code (empty to enter it later)"):
            try:
                body = {"code": read_code(code), "verification_id": sent["verification_id"]}
                proved = self.api.post("caller-ids/confirm", CallerId, body, key=read_key(None))
            except MobyError as error:
                if error.code not in ("wrong_code", "usage"):
                    raise
                self.console.fail(error)
                continue
            self.console.write(f"{clean(proved['e164'])} is yours: people you call see it.")
            return True
        return False

    def _channel(self) -> str | None:
        channel = self.text("channel")
        if channel is not None and channel not in _CHANNELS:
            raise MobyError("usage", f"--channel {channel!r} is not known", "Use sms or call.")
        return channel

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
                found = self.api.post(
                    "numbers/check", Number, {"number": number, "country": country}
                )
            except MobyError as error:
                if error.exit_code != 2:
                    raise
                self.console.fail(error)
                if error.code == "unknown_country":
                    country = None
                continue
            where = f"{found['international']} ({found['country_name']})"
            if self.console.confirm(f"{clean(where)}: is that your phone?", default=True):
                break
        if channel is None:
            picked = self.console.choose("How should the code come?", ["SMS", "Voice call"])
            channel = ("sms", "call")[picked]
        return found["e164"], found["country"], channel
