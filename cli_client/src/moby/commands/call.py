"""moby call: ask for the price, place the call, and follow it to its end."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from decimal import ROUND_UP, Decimal
from email.utils import parsedate_to_datetime

from cleo.helpers import argument, option

from moby.agent.link import AgentGoneError, AgentLink, find_agent
from moby.agent.phone import reason_not_ready
from moby.api.answers import Balance, Call, Candidate, Quote, VoiceToken
from moby.api.client import Api
from moby.calls import (
    ENDED,
    find_caller_id,
    is_settled,
    quote_lines,
    remark_low_balance,
    show_receipt,
    state_in_words,
    state_line,
)
from moby.cli.command import KEY_OPTION, Command, read_key, repeatable
from moby.console import Console, read_keypress, single_keys
from moby.context import Context
from moby.errors import ExitCode, MobyError, exit_code_for, interrupted
from moby.text import (
    cents_as_dollars,
    clean,
    clock_time,
    dollars,
    parse,
    read_cents,
    whole_cents,
)

_LONGEST_SECONDS = 86_400  # what the API takes; the call's own limit is shorter
_EMERGENCY = ("112", "911", "999")
_TICK_SECONDS = 0.5
_SLOWEST_RETRY_SECONDS = 10.0
_PATIENCE_SECONDS = 300.0  # beyond the call's own limit, for a server that is away
_WARNING_SECONDS = 60.0
_ALLOW_SECONDS = 120.0  # for a person who has to allow the microphone
_READY_SECONDS = 20.0  # for an agent that has just been started
_FREE_SECONDS = 3.0  # for a call whose end the page hears a little later than the server
_OF_ACCOUNT = "account"  # the mode of a quote that the account's setting decides
_TONES = "0123456789*#"
_ESCAPE = "\x1b"  # begins what a terminal sends for an arrow, whose digits are no keys


class CallCommand(Command):
    name = "call"
    description = "Call anyone, from your phone or this computer"
    arguments = [
        argument("destination", "The number, as you would write it.", optional=True, multiple=True)
    ]
    options = [
        option("country", None, "The country the number is written for, such as GB.", flag=False),
        option("from", None, "Which of your phones to use: its number or id.", flag=False),
        option("max-minutes", None, "End the call after so many minutes.", flag=False),
        option(
            "max-cost", None, "End the call before it costs more dollars than this.", flag=False
        ),
        option("callback", None, "Ring your phone first, then theirs.", flag=True),
        option("computer", None, "Talk through this computer.", flag=True),
        option("headless", None, "Like --computer, in a Chrome without a window.", flag=True),
        option(
            "only-my-number", None, "Let the call fail rather than show another number.", flag=True
        ),
        option("yes", "y", "Do not ask before calling, whatever it costs.", flag=True),
        option("dry-run", None, "Show what it would cost, and do not call.", flag=True),
        option("wait", None, "Follow the call to its end, also with --json.", flag=True),
        option("no-wait", None, "Place the call and return at once.", flag=True),
        KEY_OPTION,
    ]

    def handle(self) -> int:
        key = read_key(self.text("idempotency-key"))
        agent, mode = self._choose_mode()
        order = {**self._read_order(), "mode": mode}
        quote = self._quote(order)
        if mode == _OF_ACCOUNT:
            mode = order["mode"] = quote.get("mode")
        if self.flag("dry-run"):
            if self.console.json:
                self.console.document(quote)
            else:
                self.console.write("\n".join([*quote_lines(quote), "Nothing was called."]))
            return 0
        if refusal := quote.get("refusal"):
            raise MobyError(
                refusal["code"],
                clean(refusal["message"]),
                clean(refusal["hint"]),
                exit_code=exit_code_for(refusal["status"], refusal["code"]),
            )
        self._confirm(quote)
        # The phone by its id: another may become the default before the call is placed.
        order["caller_id"] = quote.get("caller_id") or order["caller_id"]
        order["expected_terms"] = quote["terms"]
        if "fallback_number" in quote:  # a server that binds itself to the number, too
            order["expected_shown_number"] = quote.get("shown_number")
        if mode == "computer":
            with self._phone(agent) as phone:
                call = self._place(order, key)
                self._begin(call, phone)
                return self._follow(call, phone) if self.waits() else self._leave(call)
        call = self._place(order, key)
        if agent is not None:
            with suppress(MobyError):
                agent.watch(call["call_id"])  # for programs that ask the agent for its state
        return self._follow(call) if self.waits() else self._leave(call)

    def _choose_mode(self) -> tuple[AgentLink | None, str | None]:
        """Return the agent of this account, if one runs, and the mode of the quote.

        An option decides the mode, else an agent that runs, else the setting of this machine. If
        none does, it is the account's setting if this command can stay with the call, else None,
        which is a callback. Raise `agent_not_running` for a call through the computer that would
        end with this command.
        """
        by_computer = self.flag("computer") or self.flag("headless")
        if by_computer and self.flag("callback"):
            other_option = "--headless" if self.flag("headless") else "--computer"
            problem = f"--callback and {other_option} cannot go together"
            raise MobyError("usage", problem, "Leave one out.")
        agent = self._agent()
        if self.flag("callback"):
            return agent, "callback"
        if agent is not None:
            return agent, "computer"
        can_stay = self.waits() and self.context.stdin.isatty() and self.context.stderr.isatty()
        mode = "computer" if by_computer else self.session.setting("call-mode").text
        if mode is None:
            return None, _OF_ACCOUNT if can_stay else None
        if mode == "computer" and not can_stay and not self.flag("dry-run"):
            raise MobyError(
                "agent_not_running",
                "no agent is running, so the call would end with this command",
                "Start one in another terminal: moby agent run\n"
                "Or have your phone ring first: --callback",
            )
        return None, mode

    def _agent(self) -> AgentLink | None:
        """Return the agent that runs for this host, profile and account."""
        link = find_agent(self.context.config_dir)
        place = (self.session.host, self.session.profile)
        if link is None or (link.run.host, link.run.profile) != place:
            return None
        account = self.read_account_id()
        return link if link.run.account == account else None

    @contextmanager
    def _phone(self, agent: AgentLink | None) -> Iterator[AgentLink]:
        """Yield an agent that is ready to talk; if none runs, start one for this call alone."""
        if agent is not None:
            if not agent.seen["page"] and not agent.run.is_headless:
                self._show_talking_page(agent.new_url())
            self._require_ready(agent, within_seconds=_READY_SECONDS)
            is_repeated = self.option("idempotency-key") is not None  # perhaps of the same call
            is_free = agent.wait_until_free(self.context.clock, within_seconds=_FREE_SECONDS)
            if not is_free and not is_repeated:
                raise MobyError(
                    "agent_busy",
                    f"this computer is in another call, {agent.call_under_way}",
                    f"End it: moby calls hangup {agent.call_under_way}",
                )
            yield agent
            return
        from moby.agent.agent import Agent  # 40 ms, for calls through the computer only

        account = self.read_account_id()
        is_headless, say = self.flag("headless"), self.console.say
        with Agent(self.session, account=account, is_headless=is_headless, say=say) as new_agent:
            if not is_headless:
                self._show_talking_page(new_agent.new_url())
            link = AgentLink(new_agent.run)
            self._require_ready(link, within_seconds=_ALLOW_SECONDS)
            yield link

    def _show_talking_page(self, url: str) -> None:
        self.show_page(url)
        self.console.remark("Allow the microphone in the page of moby that opens.")

    def _require_ready(self, agent: AgentLink, *, within_seconds: float) -> None:
        if agent.wait_until_ready(self.context.clock, within_seconds=within_seconds):
            return
        raise MobyError(
            "agent_not_ready",
            f"not called: this computer is not ready: {reason_not_ready(agent.seen)}",
            "Look: moby agent status, moby doctor. Or have your phone ring first: --callback",
        )

    def _begin(self, call: Call, phone: AgentLink) -> None:
        """Have the agent's page start the call; if that fails, hang up and raise the error."""
        call_id = call["call_id"]
        try:
            body = {"call_id": call_id}
            voice = self.api.post("voice/token", VoiceToken, body, is_idempotent=True)
            phone.start(call_id, call["to"], voice)
        except (MobyError, KeyboardInterrupt):
            with suppress(MobyError):  # a call that never starts ends by itself, at no cost
                self.api.post(f"calls/{call_id}/hangup", Call, is_idempotent=True)
            raise

    def _leave(self, call: Call) -> int:
        """Report a call that this command does not follow, and how to watch and end it."""
        next_step = f"your phone {call['from']} rings first"
        if call["mode"] == "computer":
            next_step = "talk through this computer"
        return self.answer(
            call,
            clean(f"Calling {call['to']}; {next_step}."),
            f"Watch it: moby calls show {call['call_id']}",
            f"End it:   moby calls hangup {call['call_id']}",
        )

    def _read_order(self) -> dict[str, object]:
        """Return the body that `quote` and `calls` of the API take, from arguments and options.

        Raise `emergency_number`, `bad_amount`, or what `find_caller_id` raises.
        """
        to = self.word("destination", "Which number, as you would write it")
        if "".join(c for c in to if not c.isspace()) in _EMERGENCY:
            raise MobyError(
                "emergency_number",
                "moby cannot call emergency services",
                f"Dial {to} from a phone where you are, now.",
            )
        phone = self.text("from")
        order: dict[str, object] = {
            "to": to,
            "country": self.text("country") or self.session.setting("country").text,
            "caller_id": find_caller_id(self.api, phone) if phone else None,
            "only_my_number": True if self.flag("only-my-number") else None,
        }
        if minutes := self.text("max-minutes"):
            hundredths = read_cents(
                minutes, "a number of minutes", "For example: 10 or 2.5", option="--max-minutes"
            )
            seconds = hundredths * 60 // 100
            if not 0 < seconds <= _LONGEST_SECONDS:
                problem = "--max-minutes has to be more than 0 and at most 1440"
                raise MobyError("bad_amount", problem, "For example: --max-minutes 10")
            order["max_seconds"] = seconds
        if dollars_text := self.text("max-cost"):
            cents = read_cents(dollars_text, option="--max-cost")
            if not cents:
                problem = "--max-cost has to be more than $0"
                raise MobyError("bad_amount", problem, "For example: --max-cost 2.00")
            order["max_cost"] = f"{Decimal(cents) / 100:.2f}"
        return order

    def _quote(self, order: dict[str, object]) -> Quote:
        """Return the quote of an order. Ask which number is meant if there are several readings.

        The order is changed to the number that the person chose. Raise `ambiguous_number` where
        there is no terminal to ask at.
        """
        try:
            return self.api.post("quote", Quote, order)
        except MobyError as error:
            candidates = error.details.get("candidates")
            if error.code != "ambiguous_number" or not isinstance(candidates, list):
                raise
            readings = []
            candidate: Candidate
            for candidate in candidates:
                number = clean(f"{candidate['international']} ({candidate['country_name']})")
                price = candidate["price_per_minute"]
                cost = f"{dollars(price)} a minute" if price else "no price known"
                readings.append(f"{number}, {cost}")
            error.hint = "\n".join([*readings, error.hint])
            if not readings or not self.console.can_ask:
                raise
        self.console.say("That number can be read in several ways:")
        index = self.console.choose("Which one", readings)
        order["to"], order["country"] = candidates[index]["redial"], None
        return self.api.post("quote", Quote, order)

    def _confirm(self, quote: Quote) -> None:
        """Show the price before the phone rings, and ask where it is high.

        Raise `confirmation_required` where there is no terminal to ask at.
        """
        if not self.console.json:
            for line in quote_lines(quote):
                self.console.remark(line)
        threshold = self.session.setting("confirm-above")
        threshold_cents = read_cents(threshold.text or "0", f"an amount in {threshold.source}")
        if Decimal(quote["price_per_minute"]) * 100 <= threshold_cents or self.flag("yes"):
            return
        price = dollars(quote["price_per_minute"])
        if not self.console.can_ask:
            price_in_cents = whole_cents(quote["price_per_minute"], rounding=ROUND_UP)
            setting = f"moby config set confirm-above {price_in_cents[1:]}"
            if threshold.source == "MOBY_CONFIRM_ABOVE":  # which wins over the setting
                setting = f"export MOBY_CONFIRM_ABOVE={price_in_cents[1:]}"
            raise MobyError(
                "confirmation_required",
                f"not called: {price} a minute is above {cents_as_dollars(threshold_cents)}, and "
                "no question can be asked here",
                f"To call anyway, add: --yes\nTo ask only above {price_in_cents}: {setting}",
            )
        if not self.console.confirm(f"{price} a minute. Call?"):
            raise MobyError("canceled", "not called")

    def _place(self, order: dict[str, object], key: str) -> Call:
        try:
            with repeatable(key):
                return self.api.post("calls", Call, order, key=key)
        except KeyboardInterrupt as error:
            raise self._end_placed(order, key) from error

    def _end_placed(self, order: dict[str, object], key: str) -> MobyError:
        """Hang up a call that may have been placed; return the error that reports the outcome.

        The order is sent again to learn the call's id; its key keeps it from placing two calls.
        """
        self.console.say("Hanging up …")
        try:
            call = self.api.post("calls", Call, order, key=key)
        except MobyError as error:
            if not error.retryable:
                return interrupted("interrupted; no call was placed")
            return interrupted(
                f"interrupted, and a call may be on its way: {error.message}",
                "Look, and end it: moby calls list, moby calls hangup ID",
            )
        call_id = clean(call["call_id"])
        try:
            call_now = self.api.post(f"calls/{call_id}/hangup", Call, is_idempotent=True)
        except MobyError as error:
            hint = f"End it: moby calls hangup {call_id}"
            return interrupted(f"interrupted; {call_id} was not hung up: {error.message}", hint)
        hint = f"See how it ended: moby calls show {call_id}"
        state = "has ended" if call_now["state"] in ENDED else "is being hung up"
        return interrupted(f"interrupted; {call_id} to {clean(call['to'])} {state}", hint)

    def _follow(self, call: Call, phone: AgentLink | None = None) -> int:
        """Follow the call to its end, then show the receipt and the balance."""
        follower = CallFollower(self.context, self.console, self.api, call, phone)
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
            try:
                balance = self.api.get("balance", Balance)
            except MobyError:
                pass  # the call is over and paid for, whatever this token may see
            else:
                self.console.write(f"Balance: {cents_as_dollars(balance['balance_cents'])}")
                remark_low_balance(self.console, balance)
        if follower.interrupted:
            return ExitCode.INTERRUPTED
        return ExitCode.DONE if call["state"] == "completed" else ExitCode.FAILURE


class CallFollower:
    """The follower of a call to its end: it survives lost networks, and hangs up on request."""

    def __init__(
        self,
        context: Context,
        console: Console,
        api: Api,
        call: Call,
        phone: AgentLink | None = None,
    ) -> None:
        self._context = context
        self._console = console
        self._api = api
        self._phone = phone  # of a call through this computer
        self.call = call
        self.interrupted = False
        self.hung_up = False
        self._lost = False
        self._retry_hang_up = False
        self._connected_at: float | None = None
        self._warned = False
        self._pause_seconds = float(call["poll_after_seconds"])
        self._last_answer_at = context.clock.now()
        self._state_since = context.clock.now()

    def follow(self) -> Call:
        """Follow the call until it is settled, and return it.

        The first Ctrl-C hangs up. The second one raises KeyboardInterrupt at once.
        """
        reads_keys = self._console.can_ask
        shown_state = ""
        if reads_keys:
            keys_to_phone = "; 0-9 * # are sent, m mutes" if self._phone else ""
            self._console.remark(f"Press h or Ctrl-C to hang up{keys_to_phone}.")
        with single_keys(self._context.stdin) if reads_keys else nullcontext():
            while not is_settled(self.call):
                try:
                    if shown_state != state_in_words(self.call):
                        shown_state = state_in_words(self.call)
                        self._state_since = self._context.clock.now()
                        if self._console.shows_live:
                            self._console.live(self._live_line())
                        elif not self._console.json:
                            self._console.remark(state_line(self.call, None))
                    self._pause()
                    self._refresh()
                except KeyboardInterrupt:
                    if self.interrupted:
                        raise
                    self.interrupted = True
                    self.hang_up()
        self._console.end_live()
        return self.call

    def hang_up(self) -> None:
        self._console.remark("Hanging up …")
        if self._phone is not None:
            with suppress(MobyError):  # the server hangs up all the same
                self._phone.hang_up(self.call["call_id"])
        try:
            self.call = self._api.post(f"calls/{self.call['call_id']}/hangup", Call)
        except MobyError as error:
            self._retry_hang_up = error.retryable
            self._console.remark(f"Not hung up: {error.message}")
        else:
            self._retry_hang_up = False
            self.hung_up = True

    def _pause(self) -> None:
        """Wait as long as the server asked, keep the line fresh, and listen for a key."""
        clock = self._context.clock
        due_at = clock.now() + self._pause_seconds
        warning_at_seconds = self.call["max_seconds"] - _WARNING_SECONDS
        while (left_seconds := due_at - clock.now()) > 0:
            talked_seconds = self._talked_seconds()
            self._console.live(self._live_line())
            nears_end = 0 < warning_at_seconds <= (talked_seconds or 0)
            if nears_end and not self._warned:
                self._warned = True
                self._console.remark("One minute left: the call ends when its limit is reached.\a")
            tick_seconds = min(left_seconds, _TICK_SECONDS)
            if not self._console.can_ask:
                clock.sleep(tick_seconds if self._console.shows_live else left_seconds)
            elif self._hangs_up(read_keypress(self._context.stdin, tick_seconds)):
                self.hang_up()
                return

    def _hangs_up(self, key: str) -> bool:
        """Send a tone, or mute, by a key of the terminal; return whether the key hangs up."""
        if key == _ESCAPE:
            while read_keypress(self._context.stdin, 0):
                pass
            return False
        if self._phone is not None and key and key.lower() in f"{_TONES}m":
            try:
                if key in _TONES:
                    self._phone.press(self.call["call_id"], key)
                    self._console.live(f"Sent {key}")
                else:
                    is_muted = self._phone.toggle_mute(self.call["call_id"])
                    self._console.remark("Muted." if is_muted else "They hear you again.")
            except MobyError as error:
                self._console.remark(f"Not sent: {error.message}")
        return key.lower() in ("h", "q") and bool(key)

    def _refresh(self) -> None:
        """Ask for news of the call, and repeat a hang-up that did not get through."""
        self._look_at_phone()
        path = f"calls/{self.call['call_id']}"
        try:
            if self._retry_hang_up:
                self.call = self._api.post(f"{path}/hangup", Call)
                self._retry_hang_up = False
                self.hung_up = True
            newer_call, date = self._api.get_newer(path, Call, self.call["version"])
        except MobyError as error:
            self._survive(error)
            return
        if self._lost:
            self._console.remark("The connection is back.")
        self._lost = False
        now = self._last_answer_at = self._context.clock.now()
        self.call = newer_call or self.call
        self._pause_seconds = float(self.call["poll_after_seconds"])
        answered_at = self.call["answered_at"]
        if self._connected_at is None and answered_at:
            # This machine's clock, minus the seconds talked so far by the server's clock.
            try:
                talked_seconds = (
                    parsedate_to_datetime(date).timestamp() - parse(answered_at).timestamp()
                )
            except (ValueError, TypeError):
                talked_seconds = 0.0
            self._connected_at = now - max(0.0, talked_seconds)

    def _look_at_phone(self) -> None:
        """Hang up if the agent has ended, since the sound has ended with it."""
        if self._phone is None or self.call["state"] in ENDED:
            return
        try:
            self._phone.look()
        except AgentGoneError:
            self._phone = None
            self._console.remark("The agent has ended, and with it the sound.")
            self.hang_up()

    def _survive(self, error: MobyError) -> None:
        """Try again later after a lost network, which does not end the call.

        Raise an error that cannot pass, or that lasts longer than any call.
        """
        away_seconds = self._context.clock.now() - self._last_answer_at
        if not error.retryable or away_seconds > self.call["max_seconds"] + _PATIENCE_SECONDS:
            error.hint = f"See how it ended: moby calls show {self.call['call_id']}"
            raise error
        if not self._lost:
            self._console.remark(f"The call goes on, unseen: {error.message}. Trying again …")
        self._lost = True
        self._pause_seconds = min(max(self._pause_seconds, 1.0) * 2, _SLOWEST_RETRY_SECONDS)

    def _live_line(self) -> str:
        """Return the state with the cost so far; before the answer, with its seconds so far."""
        if self.hung_up and self.call["state"] not in ENDED:
            return f"{clean(self.call['to'])}: hanging up"
        talked_seconds = self._talked_seconds()
        line = state_line(self.call, talked_seconds)
        page = self._phone.seen["call"] if self._phone else None
        if page and page["state"] == "reconnecting":
            line += ", reconnecting"
        if page and page["muted"]:
            line += ", muted"
        if talked_seconds is not None or self.call["state"] in ENDED:
            return line
        return f"{line} {clock_time(self._context.clock.now() - self._state_since)}"

    def _talked_seconds(self) -> float | None:
        if self._connected_at is None or self.call["state"] in ENDED:
            return None
        return self._context.clock.now() - self._connected_at
