from decimal import Decimal

from cleo.helpers import argument, option

from moby.api.answers import Balance, Call, Candidate, Quote
from moby.api.idempotency import OPTION, read_key, repeatable
from moby.calls.caller_ids import find_caller_id
from moby.calls.follower import CallFollower
from moby.calls.low_balance import note_if_low
from moby.calls.view import quote_lines, show_receipt
from moby.cli.command import Command
from moby.errors import MobyError, interrupted
from moby.exit_codes import ExitCode
from moby.show.money import dollars, read_cents
from moby.text import clean

_CONFIRM_ABOVE_CENTS = 50
_LONGEST_SECONDS = 86_400  # what the API takes; the call's own limit is shorter
_EMERGENCY = ("112", "911", "999")


class CallCommand(Command):
    name = "call"
    description = "Call anybody: your phone rings first, then theirs"
    arguments = [argument("destination", "The number, as you would write it.", multiple=True)]
    options = [
        option("country", None, "The country the number is written for, such as GB.", flag=False),
        option("from", None, "Which of your phones to use: its number or id.", flag=False),
        option("max-minutes", None, "End the call after so many minutes.", flag=False),
        option(
            "max-cost", None, "End the call before it costs more dollars than this.", flag=False
        ),
        option("callback", None, "Ring your phone first, as every call does today.", flag=True),
        option("yes", "y", "Do not ask before calling, whatever it costs.", flag=True),
        option("dry-run", None, "Show what it would cost, and do not call.", flag=True),
        option("wait", None, "Follow the call to its end, also with --json.", flag=True),
        option("no-wait", None, "Place the call and return at once.", flag=True),
        OPTION,
    ]

    def handle(self) -> int:
        key = read_key(self.text("idempotency-key"))
        wish = self._wish()
        quote = self._quote(wish)
        if self.flag("dry-run"):
            return self._show_quote(quote)
        self._confirm(quote)
        # The phone by its id: another may become the default before the call is placed.
        phone = quote.get("caller_id") or wish["caller_id"]
        order = {**wish, "caller_id": phone, "expected_terms": quote["terms"]}
        call = self._place(order, key)
        if not self._waits():
            return self._placed(call)
        return self._follow(call)

    def _wish(self) -> dict[str, object]:
        to = self.word("destination")
        if "".join(c for c in to if not c.isspace()) in _EMERGENCY:
            raise MobyError(
                "emergency_number",
                "moby cannot call emergency services",
                f"Dial {to} from a phone where you are, now.",
            )
        chosen = self.text("from")
        return {
            "to": to,
            "country": self.text("country"),
            "mode": "callback" if self.flag("callback") else None,
            "caller_id": find_caller_id(self.api, chosen) if chosen else None,
            "max_seconds": self._max_seconds(),
            "max_cost": self._max_cost(),
        }

    def _max_seconds(self) -> int | None:
        text = self.text("max-minutes")
        if text is None:
            return None
        hundredths = read_cents(text, "a number of minutes", "For example: 10 or 2.5")
        seconds = hundredths * 60 // 100
        if not 0 < seconds <= _LONGEST_SECONDS:
            raise MobyError("bad_amount", "--max-minutes has to be above 0, and 1440 at most")
        return seconds

    def _max_cost(self) -> str | None:
        text = self.text("max-cost")
        if text is None:
            return None
        cents = read_cents(text)
        if not cents:
            raise MobyError("bad_amount", "--max-cost has to be more than nothing")
        return f"{Decimal(cents) / 100:.2f}"

    def _quote(self, wish: dict[str, object]) -> Quote:
        """What it will cost; a number that can be read in several ways is asked about."""
        try:
            return self.api.post("quote", Quote, wish)
        except MobyError as error:
            candidates = error.details.get("candidates")
            if error.code != "ambiguous_number" or not isinstance(candidates, list):
                raise
            readings = [_describe(candidate) for candidate in candidates]
            error.hint = "\n".join([*readings, error.hint])
            if not readings or not self.console.can_ask:
                raise
        self.console.say("That number can be read in several ways:")
        chosen = self.console.choose("Which one", readings)
        wish["to"], wish["country"] = candidates[chosen]["redial"], None
        return self.api.post("quote", Quote, wish)

    def _show_quote(self, quote: Quote) -> int:
        if self.console.json:
            self.console.document(quote)
        else:
            for line in quote_lines(quote):
                self.console.write(line)
            self.console.write("Nothing was called.")
        return 0

    def _confirm(self, quote: Quote) -> None:
        """Show the price before it rings, and ask where it is high.

        Raises `confirmation_required` where there is no terminal to ask at.
        """
        if not self.console.json:
            for line in quote_lines(quote):
                self.console.note(line)
        is_dear = Decimal(quote["price_per_minute"]) * 100 > self._threshold_cents()
        if not is_dear or self.flag("yes"):
            return
        price = dollars(quote["price_per_minute"])
        if not self.console.can_ask:
            raise MobyError(
                "confirmation_required",
                f"not called: {price} a minute is a price to ask about, and nothing can be asked "
                "here",
                "To call all the same, add --yes. MOBY_CONFIRM_ABOVE sets from which price a call "
                "is asked about.",
            )
        if not self.console.confirm(f"{price} a minute. Call?"):
            raise MobyError("canceled", "not called")

    def _threshold_cents(self) -> int:
        named = self.context.environ.get("MOBY_CONFIRM_ABOVE")
        if not named:
            return _CONFIRM_ABOVE_CENTS
        return read_cents(named, "an amount in MOBY_CONFIRM_ABOVE")

    def _place(self, order: dict[str, object], key: str) -> Call:
        try:
            with repeatable(key):
                return self.api.post("calls", Call, order, key=key)
        except KeyboardInterrupt:
            # The call may be on its way. The same key gives that call and no other, so end it.
            self.console.say("Hanging up …")
            call = self.api.post("calls", Call, order, key=key)
            self.api.post(f"calls/{call['call_id']}/hangup", Call, is_idempotent=True)
            raise

    def _waits(self) -> bool:
        if self.flag("no-wait"):
            return False
        return self.flag("wait") or (not self.console.json and self.context.stdout.isatty())

    def _placed(self, call: Call) -> int:
        if self.console.json:
            self.console.document(call)
            return 0
        self.console.write(clean(f"Calling {call['to']}; your phone {call['from']} rings first."))
        self.console.write(f"Watch it: moby calls show {call['call_id']}")
        self.console.write(f"End it:   moby calls hangup {call['call_id']}")
        return 0

    def _follow(self, call: Call) -> int:
        follower = CallFollower(self.context, self.console, self.api, call)
        try:
            call = follower.follow()
        except KeyboardInterrupt as error:
            hint = f"See how it ended: moby calls show {call['call_id']}"
            if not follower.hung_up:
                hint = f"It may still go on. End it: moby calls hangup {call['call_id']}"
            raise interrupted("no longer watching the call", hint) from error
        if self.console.json:
            self.console.document(call)
        else:
            show_receipt(self.console, call)
            self._show_balance()
        if follower.interrupted:
            return ExitCode.INTERRUPTED
        return ExitCode.DONE if call["state"] == "completed" else ExitCode.FAILURE

    def _show_balance(self) -> None:
        """What is left, and a word in time when it is little. Not every token may know."""
        try:
            balance = self.api.get("balance", Balance)
        except MobyError:
            return
        self.console.write(f"Balance: {dollars(balance['balance'])}")
        note_if_low(self.console, balance)


def _describe(candidate: Candidate) -> str:
    shown = clean(f"{candidate['international']} ({candidate['country_name']})")
    price = candidate["price_per_minute"]
    return f"{shown}, {dollars(price)} a minute" if price else f"{shown}, no price known"
