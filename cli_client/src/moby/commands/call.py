"""Watching a call to its end, through lost networks, and hanging it up on request."""

from contextlib import nullcontext
from decimal import Decimal
from email.utils import parsedate_to_datetime

from cleo.helpers import argument, option

from moby.api.answers import Balance, Call, Candidate, Quote
from moby.api.client import Api
from moby.calls import (
    FINAL,
    find_caller_id,
    is_over,
    note_if_low,
    quote_lines,
    show_receipt,
    state_line,
)
from moby.cli.command import KEY_OPTION, Command, read_key, repeatable
from moby.console import Console, read_keypress, single_keys
from moby.context import Context
from moby.errors import ExitCode, MobyError, interrupted
from moby.text import clean, dollars, parse, read_cents

_TICK_SECONDS = 0.5
_SLOWEST_RETRY_SECONDS = 10.0
_PATIENCE_SECONDS = 300.0  # beyond the call's own limit, for a server that is away
_WARNING_SECONDS = 60.0


class CallFollower:
    def __init__(self, context: Context, console: Console, api: Api, call: Call) -> None:
        self._context = context
        self._console = console
        self._api = api
        self.call = call
        self.interrupted = False
        self.hung_up = False
        self._lost = False
        self._retry_hang_up = False
        self._shown = ""
        self._connected_at: float | None = None
        self._warned = False
        self._pause = float(call["poll_after_seconds"])
        self._last_news_at = context.clock.now()

    def follow(self) -> Call:
        """The call when it is over. The first Ctrl-C hangs up, a second one leaves at once."""
        listens = self._console.can_ask
        if listens:
            self._console.note("Press h or Ctrl-C to hang up.")
        with single_keys(self._context.stdin) if listens else nullcontext():
            while not is_over(self.call):
                try:
                    self._show()
                    self._rest()
                    self._refresh()
                except KeyboardInterrupt:
                    if self.interrupted:
                        raise
                    self.interrupted = True
                    self.hang_up()
        self._console.end_live()
        return self.call

    def hang_up(self) -> None:
        self._console.note("Hanging up …")
        try:
            self.call = self._api.post(f"calls/{self.call['call_id']}/hangup", Call)
        except MobyError as error:
            self._retry_hang_up = error.retryable
            self._console.note(f"Not hung up: {error.message}")
        else:
            self._retry_hang_up = False
            self.hung_up = True

    def _refresh(self) -> None:
        path = f"calls/{self.call['call_id']}"
        try:
            if self._retry_hang_up:
                self.call = self._api.post(f"{path}/hangup", Call)
                self._retry_hang_up = False
                self.hung_up = True
            news, date = self._api.get_newer(path, Call, self.call["version"])
        except MobyError as error:
            self._consider_loss(error)
            return
        if self._lost:
            self._console.note("The connection is back.")
        self._lost = False
        self._last_news_at = self._context.clock.now()
        self.call = news or self.call
        self._pause = float(self.call["poll_after_seconds"])
        self._note_connection(date)

    def _consider_loss(self, error: MobyError) -> None:
        """A lost network does not end the call, so it does not end the watching either."""
        away = self._context.clock.now() - self._last_news_at
        if not error.retryable or away > self.call["max_seconds"] + _PATIENCE_SECONDS:
            error.hint = f"See how it ended: moby calls show {self.call['call_id']}"
            raise error
        if not self._lost:
            self._console.note(f"The call goes on, unseen: {error.message}. Trying again …")
        self._lost = True
        self._pause = min(max(self._pause, 1.0) * 2, _SLOWEST_RETRY_SECONDS)

    def _note_connection(self, date: str) -> None:
        """Remember when the talk began, by this machine's clock and the server's own count."""
        answered_at = self.call["answered_at"]
        if self._connected_at is not None or not answered_at:
            return
        now = self._context.clock.now()
        try:
            talked = parsedate_to_datetime(date).timestamp() - parse(answered_at).timestamp()
        except (ValueError, TypeError):
            talked = 0.0
        self._connected_at = now - max(0.0, talked)

    def _show(self) -> None:
        if self._shown == self.call["state"]:
            return
        self._shown = self.call["state"]
        if self._console.shows_live:
            self._console.live(state_line(self.call, self._talked()))
        elif not self._console.json:
            self._console.note(state_line(self.call, None))

    def _talked(self) -> float | None:
        if self._connected_at is None or self.call["state"] in FINAL:
            return None
        return self._context.clock.now() - self._connected_at

    def _rest(self) -> None:
        """Wait as long as the server asked, keeping the line fresh and listening for a key."""
        clock = self._context.clock
        due = clock.now() + self._pause
        while (left := due - clock.now()) > 0:
            self._console.live(state_line(self.call, self._talked()))
            self._warn_before_the_end()
            if not self._console.can_ask:
                clock.sleep(left if not self._console.shows_live else min(left, _TICK_SECONDS))
            elif read_keypress(self._context.stdin, min(left, _TICK_SECONDS)).lower() in ("h", "q"):
                self.hang_up()
                return

    def _warn_before_the_end(self) -> None:
        talked = self._talked()
        limit = self.call["max_seconds"]
        if talked is None or self._warned or limit <= _WARNING_SECONDS:
            return
        if talked >= limit - _WARNING_SECONDS:
            self._warned = True
            self._console.note("One minute left: the call ends when its limit is reached.\a")


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
        KEY_OPTION,
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
