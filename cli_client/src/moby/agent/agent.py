"""The agent: the phone of this computer for as long as it runs, or for one call.

It serves the page that talks, follows the calls that it is given, and ends a call whose page is
gone. The account's token stays in this process: the page gets the voice token of one call.
"""

import dataclasses
import os
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from moby.agent.browser import HeadlessBrowser, find_browser
from moby.agent.peers import program_on
from moby.agent.phone import Line, Phone, Report
from moby.agent.run_file import ADDRESS, RunFile, only_one, port_of
from moby.agent.server import GATEWAYS, LOCAL_GATEWAYS, Server
from moby.api.answers import Call, VoiceToken
from moby.api.client import Api, Session
from moby.calls import ENDED, is_settled
from moby.errors import MobyError
from moby.network import Request, Response, WebTransport, is_on_this_machine

_TICK_SECONDS = 0.5
_PAGE_PATIENCE_SECONDS = 3.0  # for a page that counts as gone in a call
_END_PATIENCE_SECONDS = 5.0  # for the carrier's own report of a call that the page saw end
_RETRY_SECONDS = 5.0
_REMEMBERED_CALLS = 200
_LATE_SECONDS = 300.0  # after the limit of a call, for a server that is away
_RESTART_SECONDS = 10.0  # between two starts of a browser that ends by itself
# What callers of the agent are shown; a call that only waits is none yet.
_STATES = {"dialing": "dialing", "ringing": "dialing", "answered": "answered"}
_STATES |= {state: "completed" if state == "completed" else "failed" for state in ENDED}


class Quiet:
    """No terminal: the requests of the agent run beside those of a person."""

    def trace(self, request: Request, response: Response | None, seconds: float) -> None: ...
    def show_waiting(self, text: str) -> None: ...


class Agent:
    """`with Agent(session, account=…) as agent:` runs it, until `is_asked_to_stop`."""

    def __init__(
        self, session: Session, *, account: str, is_headless: bool, say: Callable[[str], None]
    ) -> None:
        self.phone = Phone()
        self.secret = secrets.token_urlsafe(32)
        is_here = is_on_this_machine(session.host)
        self.gateways = f"{GATEWAYS} {LOCAL_GATEWAYS}" if is_here else GATEWAYS
        self._session = session
        self._account = account
        self._is_headless = is_headless
        self._say = say
        self._states: dict[str, str] = {}
        self._watched: set[str] = set()
        self._stopping = threading.Event()
        self._browser: HeadlessBrowser | None = None
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        context = self._session.context
        port = port_of(context.environ)
        with ExitStack() as started:
            started.enter_context(only_one(context.config_dir))
            if self._is_headless:
                find_browser(context.environ)  # raises before anything is begun
            self._server = self._listen(port)
            started.callback(self._server.server_close)
            self.run = RunFile(
                os.getpid(), port, self.secret, self._session.host, self._session.profile,
                self._account, self._is_headless,
            )  # fmt: skip
            self.run.write(context.config_dir)
            threading.Thread(target=self._server.serve_forever, args=[0.1], daemon=True).start()
            started.callback(self._server.shutdown)
            started.callback(self._end_call)
            if self._is_headless:
                self._browser = HeadlessBrowser(context.environ, context.config_dir)
                started.callback(self._end_browser)
                self._browser.open(self.new_url())
            threading.Thread(target=self._look_after, daemon=True).start()
            started.callback(self._stopping.set)
            self._cleanup = started.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._cleanup.close()

    def new_url(self) -> str:
        """Return a new address of the page, which works once."""
        return f"http://{ADDRESS}:{self._server.port}/#{self.phone.new_code()}"

    def is_asked_to_stop(self, *, within_seconds: float) -> bool:
        return self._stopping.wait(within_seconds)

    def _listen(self, port: int) -> Server:
        try:
            return Server(port, self)
        except OSError as error:
            named = program_on(port) or "another program"
            raise MobyError(
                "port_taken",
                f"port {port} of this computer is in use by {named}",
                "End that program, or name another port in MOBY_AGENT_PORT.",
            ) from error

    # What commands ask for

    def look(self) -> Report:
        line = self.phone.line
        return {
            "ready": self.phone.is_ready,
            "page": self.phone.is_present,
            "microphone": self.phone.microphone if self.phone.is_present else "unknown",
            "call": line.report() if line else None,
        }

    def state_of(self, call_id: str) -> str | None:
        return _STATES.get(self._states.get(call_id, ""))

    def watch(self, call_id: str) -> None:
        if call_id in self._watched:
            return
        self._watched.add(call_id)
        while len(self._states) >= _REMEMBERED_CALLS:
            self._states.pop(next(iter(self._states)))
        self._states[call_id] = "queued"
        threading.Thread(target=self._follow, args=[call_id], daemon=True).start()

    def start(self, call_id: str, order: dict[str, object]) -> None:
        gateway = urlsplit(str(order["gateway"]))
        is_twilio = gateway.scheme == "wss" and (gateway.hostname or "").endswith(".twilio.com")
        is_here = gateway.scheme == "ws" and is_on_this_machine(self._session.host)
        if not is_twilio and not is_here:
            what = "the call was not started: the server named an unknown phone network"
            raise MobyError("usage", what)
        self.phone.start(call_id, order)

    def mute(self, call_id: str, muted: bool | None) -> dict[str, object]:
        line = self.phone.line
        is_muted = muted if muted is not None else not (line and line.is_muted)
        line = self.phone.order("mute", call_id, is_muted=is_muted)
        line.is_muted = is_muted
        return {"call_id": call_id, "muted": is_muted}

    def press(self, call_id: str, keys: str) -> None:
        if not keys or any(key not in "0123456789*#w" for key in keys) or len(keys) > 64:
            raise MobyError("usage", f"{keys!r} cannot be sent as keys")
        line = self.phone.line
        if line is not None and line.call_id == call_id and line.state in ("starting", "ringing"):
            what = "the call is not answered yet; send keys after that"
            raise MobyError("agent_not_ready", what)
        self.phone.order("keys", call_id, keys=keys)

    def hang_up(self, call_id: str) -> None:
        self.phone.order("hangup", call_id)

    def stop(self) -> None:
        self._stopping.set()

    # What it looks after

    def _look_after(self) -> None:
        """End a call that has lost its page, renew voice tokens, restart a browser that ended."""
        lost_since: float | None = None
        restart_at = 0.0
        while not self._stopping.wait(_TICK_SECONDS):
            has_ended = self._browser is not None and self._browser.has_ended
            if has_ended and time.monotonic() >= restart_at:
                restart_at = time.monotonic() + _RESTART_SECONDS
                self._say("The browser of the agent has ended; starting another.")
                self._restart_browser()
            line = self.phone.line
            if line is None or line.is_over or self.phone.is_present:
                lost_since = None
            else:
                lost_since = lost_since or time.monotonic()
                if time.monotonic() - lost_since > _PAGE_PATIENCE_SECONDS:
                    self._say("The page of the agent is gone; its call is hung up.")
                    self.phone.lose()
            if self.phone.take_wish_for_token() and line is not None:
                threading.Thread(target=self._renew_token, args=[line], daemon=True).start()

    def _restart_browser(self) -> None:
        self.phone.lose()
        self._end_browser()
        context = self._session.context
        try:
            self._browser = HeadlessBrowser(context.environ, context.config_dir)
            self._browser.open(self.new_url())
        except (MobyError, OSError) as error:
            self._say(f"No browser could be started: {error}. End the agent and run it again.")

    def _renew_token(self, line: Line) -> None:
        with suppress(MobyError):  # the call goes on without, unless its connection breaks too
            body = {"call_id": line.call_id}
            voice = self._own_api().post("voice/token", VoiceToken, body, is_idempotent=True)
            self.phone.order("token", line.call_id, token=voice["token"])

    def _follow(self, call_id: str) -> None:
        """Keep the state of a call up to date, and end one that is over for its page."""
        api = self._own_api()
        path = f"calls/{call_id}"
        version, pause_seconds, has_hung_up = 0, 0.0, False
        deadline = time.monotonic() + _LATE_SECONDS
        while not self._stopping.is_set() and time.monotonic() < deadline:
            self._pause(call_id, pause_seconds, has_hung_up=has_hung_up)
            try:
                if self._is_over_for_its_page(call_id) and not has_hung_up:
                    api.post(f"{path}/hangup", Call, is_idempotent=True)
                    has_hung_up = True
                news, _ = api.get_newer(path, Call, version)
            except MobyError as error:
                if not error.retryable:
                    return
                pause_seconds = _RETRY_SECONDS
                continue
            if news is not None:
                self._states[call_id], version = news["state"], news["version"]
                pause_seconds = float(news["poll_after_seconds"])
                deadline = time.monotonic() + news["max_seconds"] + _LATE_SECONDS
                if is_settled(news):
                    return

    def _pause(self, call_id: str, seconds: float, *, has_hung_up: bool) -> None:
        """Wait so many seconds, or until the call is over for its page."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._stopping.is_set():
            if not has_hung_up and self._is_over_for_its_page(call_id):
                return
            self._stopping.wait(min(left, _TICK_SECONDS))

    def _is_over_for_its_page(self, call_id: str) -> bool:
        """Return whether to hang up for the page: at once if the person hung up there.

        If the other side has ended the call, wait a few seconds first, since the carrier's report
        says why.
        """
        line = self.phone.line
        if line is None or line.call_id != call_id or line.over_since is None:
            return False
        late = time.monotonic() - line.over_since > _END_PATIENCE_SECONDS
        return late or line.is_hung_up or not self.phone.is_present

    def _end_call(self) -> None:
        """Hang up the call under way, in the page and at the carrier."""
        line = self.phone.line
        if line is None or line.is_over:
            return
        with suppress(MobyError):
            self.phone.order("hangup", line.call_id)
        with suppress(MobyError):
            self._own_api().post(f"calls/{line.call_id}/hangup", Call, is_idempotent=True)

    def _end_browser(self) -> None:
        if self._browser is not None:
            self._browser.end()
            self._browser = None

    def _own_api(self) -> Api:
        """Return an API for one thread, with the token as it is now."""
        context = self._session.context
        own = dataclasses.replace(context, transport=WebTransport(context.environ))
        return self._session.beside(own, Quiet()).api
