"""Watching a call to its end, through lost networks, and hanging it up on request."""

from contextlib import nullcontext
from email.utils import parsedate_to_datetime

from moby.api.answers import Call
from moby.api.client import Api
from moby.calls.view import FINAL, is_over, state_line
from moby.context import Context
from moby.errors import MobyError
from moby.show.console import Console
from moby.show.instants import parse
from moby.show.terminal import read_key, single_keys

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
            elif read_key(self._context.stdin, min(left, _TICK_SECONDS)).lower() in ("h", "q"):
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
