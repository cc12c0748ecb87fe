"""The device login as a person at a terminal, or a script, goes through it."""

from moby.api.client import Api
from moby.browser import may_open_browser
from moby.context import Context
from moby.show.console import Console
from moby.show.instants import clock_time, from_now
from moby.sign_in import device_login
from moby.sign_in.device_login import PendingLogin
from moby.text import clean

_TICK_SECONDS = 1.0


class LoginFlow:
    def __init__(self, context: Context, console: Console, api: Api, *, browser: bool) -> None:
        self._context = context
        self._console = console
        self._api = api
        self._offers_browser = browser and console.can_ask and may_open_browser(context.environ)

    def show(self, pending: PendingLogin) -> None:
        """The page and the code, always, before anything else happens."""
        say = self._console.say
        say(f"To sign in, open this page in a browser:\n\n  {pending.verification_uri}\n")
        say(f"and enter this code:\n\n  {self._console.style_err(pending.user_code, 'bold')}\n")
        if pending.verification_uri_complete:
            say(f"Or open the page with the code in it: {pending.verification_uri_complete}\n")
        if self._offers_browser:
            say("Press Enter to open the page here. Ctrl-C stops the login.")

    def wait(self, pending: PendingLogin) -> str:
        """The new token, once a person has approved; raises when they do not."""
        try:
            return self._poll_to_the_end(pending)
        except KeyboardInterrupt:
            self._console.end_live()
            device_login.cancel(self._api, pending)
            raise

    def _poll_to_the_end(self, pending: PendingLogin) -> str:
        if not self._console.shows_live:
            self._console.note("Waiting for the approval …")
        while self._pause(pending):
            answer = device_login.poll(self._api, pending)
            if answer is not None:
                self._console.end_live()
                return str(answer["access_token"])
        raise device_login.expired()

    def _pause(self, pending: PendingLogin) -> bool:
        """One interval by the wall clock, counting down; False when the code has run out."""
        clock = self._context.clock
        due = clock.now() + pending.pause_seconds
        while (now := clock.now()) < min(due, pending.expires_at):
            left = pending.expires_at - now
            self._console.live(f"Waiting for the approval, {clock_time(left)} left")
            if self._console.wait(min(_TICK_SECONDS, due - now, left)) and self._offers_browser:
                self._open(pending.verification_uri)
        return clock.now() < pending.expires_at

    def _open(self, url: str) -> None:
        if not self._context.open_browser(url):
            self._console.say("No browser could be opened here; open the page yourself.")


def pending_document(pending: PendingLogin, clock_now: float, resume: str) -> dict[str, object]:
    """What a script needs to send a person to the page and come back later."""
    return {
        "verification_uri": pending.verification_uri,
        "verification_uri_complete": pending.verification_uri_complete,
        "user_code": clean(pending.user_code),
        "expires_at": from_now(pending.expires_at - clock_now, clock_now),
        "interval": pending.interval,
        "resume": resume,
    }
