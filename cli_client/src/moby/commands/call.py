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
        """Return the agent of this account, and the mode of the quote: None is a callback.

        An option decides, else an agent that runs, else the setting of this machine, else that of
        the account where this command can stay with the call.
        Raise `agent_not_running` for a call through the computer that would end with this command.
        """
        by_computer = self.flag("computer") or self.flag("headless")
        if by_computer and self.flag("callback"):
            other = "--headless" if self.flag("headless") else "--computer"
            what = f"--callback and {other} cannot go together"
            raise MobyError("usage", what, "Leave one out.")
        agent = self._agent()
        if self.flag("callback"):
            return agent, "callback"
        if agent is not None:
            return agent, "computer"
        stays = self.waits() and self.context.stdin.isatty() and self.context.stderr.isatty()
        mode = "computer" if by_computer else self.session.setting("call-mode").text
        if mode is None:
            return None, _OF_ACCOUNT if stays else None
        if mode == "computer" and not stays and not self.flag("dry-run"):
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
        """Yield an agent that can talk; one of this call alone where none runs."""
        if agent is not None:
            if not agent.seen["page"] and not agent.run.is_headless:
                self._show_talking_page(agent.new_url())
            self._require_ready(agent, within_seconds=_READY_SECONDS)
            is_repeated = self.option("idempotency-key") is not None  # perhaps of the same call
            is_free = agent.is_free(self.context.clock, within_seconds=_FREE_SECONDS)
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
        with Agent(self.session, account=account, is_headless=is_headless, say=say) as own:
            if not is_headless:
                self._show_talking_page(own.new_url())
            link = AgentLink(own.run)
            self._require_ready(link, within_seconds=_ALLOW_SECONDS)
            yield link

    def _show_talking_page(self, url: str) -> None:
        self.show_page(url)
        self.console.remark("Allow the microphone in the page of moby that opens.")

    def _require_ready(self, agent: AgentLink, *, within_seconds: float) -> None:
        if agent.is_ready(self.context.clock, within_seconds=within_seconds):
            return
        raise MobyError(
            "agent_not_ready",
            f"not called: this computer is not ready: {reason_not_ready(agent.seen)}",
            "Look: moby agent status, moby doctor. Or have your phone ring first: --callback",
        )

    def _begin(self, call: Call, phone: AgentLink) -> None:
        """Have the page start the call; end the call if it cannot."""
        name = call["call_id"]
        try:
            body = {"call_id": name}
            voice = self.api.post("voice/token", VoiceToken, body, is_idempotent=True)
            phone.start(name, call["to"], voice)
        except (MobyError, KeyboardInterrupt):
            with suppress(MobyError):  # what nothing starts ends by itself, and costs nothing
                self.api.post(f"calls/{name}/hangup", Call, is_idempotent=True)
            raise

    def _leave(self, call: Call) -> int:
        rings = f"your phone {call['from']} rings first"
        if call["mode"] == "computer":
            rings = "talk through this computer"
        return self.answer(
            call,
            clean(f"Calling {call['to']}; {rings}."),
            f"Watch it: moby calls show {call['call_id']}",
            f"End it:   moby calls hangup {call['call_id']}",
        )

    def _read_order(self) -> dict[str, object]:
        """Return the call order of the API, from the arguments and options."""
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
                what = "--max-minutes has to be more than 0 and at most 1440"
                raise MobyError("bad_amount", what, "For example: --max-minutes 10")
            order["max_seconds"] = seconds
        if most := self.text("max-cost"):
            cents = read_cents(most, option="--max-cost")
            if not cents:
                what = "--max-cost has to be more than $0"
                raise MobyError("bad_amount", what, "For example: --max-cost 2.00")
            order["max_cost"] = f"{Decimal(cents) / 100:.2f}"
        return order

    def _quote(self, order: dict[str, object]) -> Quote:
        """Return the price; ask about a number that can be read in several ways.

        The reading that the person chose is written into the order.
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
                shown = clean(f"{candidate['international']} ({candidate['country_name']})")
                price = candidate["price_per_minute"]
                cost = f"{dollars(price)} a minute" if price else "no price known"
                readings.append(f"{shown}, {cost}")
            error.hint = "\n".join([*readings, error.hint])
            if not readings or not self.console.can_ask:
                raise
        self.console.say("That number can be read in several ways:")
        chosen = self.console.choose("Which one", readings)
        order["to"], order["country"] = candidates[chosen]["redial"], None
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
            enough = whole_cents(quote["price_per_minute"], rounding=ROUND_UP)
            setting = f"moby config set confirm-above {enough[1:]}"
            if threshold.source == "MOBY_CONFIRM_ABOVE":  # which wins over the setting
                setting = f"export MOBY_CONFIRM_ABOVE={enough[1:]}"
            raise MobyError(
                "confirmation_required",
                f"not called: {price} a minute is above {cents_as_dollars(threshold_cents)}, and "
                "no question can be asked here",
                f"To call anyway, add: --yes\nTo ask only above {enough}: {setting}",
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
        """End a call that may be on its way; return the interruption with what became of it.

        The same key gives that call and no other.
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
        name = clean(call["call_id"])
        try:
            ended = self.api.post(f"calls/{name}/hangup", Call, is_idempotent=True)
        except MobyError as error:
            hint = f"End it: moby calls hangup {name}"
            return interrupted(f"interrupted; {name} was not hung up: {error.message}", hint)
        hint = f"See how it ended: moby calls show {name}"
        state = "has ended" if ended["state"] in ENDED else "is being hung up"
        return interrupted(f"interrupted; {name} to {clean(call['to'])} {state}", hint)

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
    """A call that is followed to its end, through lost networks, and hung up on request."""

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
        """Return the settled call. The first Ctrl-C hangs up, a second one leaves at once."""
        listens = self._console.can_ask
        shown = ""
        if listens:
            sent = "0-9 * # are sent, m mutes, " if self._phone else ""
            self._console.remark(
                f"Press h or Ctrl-C to hang up{'; ' if sent else '.'}"
                f"{sent.rstrip(', ')}{'.' if sent else ''}"
            )
        with single_keys(self._context.stdin) if listens else nullcontext():
            while not is_settled(self.call):
                try:
                    if shown != state_in_words(self.call):
                        shown = state_in_words(self.call)
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
        limit = self.call["max_seconds"]
        while (left := due_at - clock.now()) > 0:
            talked = self._talked_seconds()
            self._console.live(self._live_line())
            nears_end = limit > _WARNING_SECONDS and (talked or 0) >= limit - _WARNING_SECONDS
            if nears_end and not self._warned:
                self._warned = True
                self._console.remark("One minute left: the call ends when its limit is reached.\a")
            if not self._console.can_ask:
                clock.sleep(left if not self._console.shows_live else min(left, _TICK_SECONDS))
            elif self._hangs_up(read_keypress(self._context.stdin, min(left, _TICK_SECONDS))):
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
            news, date = self._api.get_newer(path, Call, self.call["version"])
        except MobyError as error:
            self._survive(error)
            return
        if self._lost:
            self._console.remark("The connection is back.")
        self._lost = False
        now = self._last_answer_at = self._context.clock.now()
        self.call = news or self.call
        self._pause_seconds = float(self.call["poll_after_seconds"])
        answered_at = self.call["answered_at"]
        if self._connected_at is None and answered_at:
            # By this machine's clock, less what the server's own clock says was talked already.
            try:
                talked = parsedate_to_datetime(date).timestamp() - parse(answered_at).timestamp()
            except (ValueError, TypeError):
                talked = 0.0
            self._connected_at = now - max(0.0, talked)

    def _look_at_phone(self) -> None:
        """Hang up where the agent that talked has ended, and the sound with it."""
        if self._phone is None or self.call["state"] in ENDED:
            return
        try:
            self._phone.look()
        except AgentGoneError:
            self._phone = None
            self._console.remark("The agent has ended, and with it the sound.")
            self.hang_up()

    def _survive(self, error: MobyError) -> None:
        """Go on when the network is lost, which ends neither the call nor the following."""
        away = self._context.clock.now() - self._last_answer_at
        if not error.retryable or away > self.call["max_seconds"] + _PATIENCE_SECONDS:
            error.hint = f"See how it ended: moby calls show {self.call['call_id']}"
            raise error
        if not self._lost:
            self._console.remark(f"The call goes on, unseen: {error.message}. Trying again …")
        self._lost = True
        self._pause_seconds = min(max(self._pause_seconds, 1.0) * 2, _SLOWEST_RETRY_SECONDS)

    def _live_line(self) -> str:
        """Return the state with the cost so far, or with the time that it rings."""
        if self.hung_up and self.call["state"] not in ENDED:
            return f"{clean(self.call['to'])}: hanging up"
        talked = self._talked_seconds()
        line = state_line(self.call, talked)
        page = self._phone.seen["call"] if self._phone else None
        if page and page["state"] == "reconnecting":
            line += ", reconnecting"
        if page and page["muted"]:
            line += ", muted"
        if talked is not None or self.call["state"] in ENDED:
            return line
        return f"{line} {clock_time(self._context.clock.now() - self._state_since)}"

    def _talked_seconds(self) -> float | None:
        if self._connected_at is None or self.call["state"] in ENDED:
            return None
        return self._context.clock.now() - self._connected_at
