"""The device login of RFC 8628, as a public client: start, wait, come back later."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from moby.api.client import CLIENT_ID, Api, device_name, read_object, unexpected
from moby.console import Console
from moby.context import NO_BROWSER, Clock, Context, may_open_browser
from moby.errors import WORDS_OF_FIELDS, ExitCode, MobyError
from moby.network import is_same_site
from moby.store.private_files import locked, read_json, remove, write_json
from moby.text import clean, clock_time, from_now

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_DEFAULT_INTERVAL_SECONDS = 5.0
# Clocks of virtual machines run up to a fifth too fast; polling early earns a slow_down.
_MARGIN = 1.2
_LONGEST_INTERVAL_SECONDS = 60.0
_TICK_SECONDS = 1.0


@dataclass
class PendingLogin:
    """A login under way. The device code is a secret: moby stores it and never shows it."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None
    expires_at: float
    interval_seconds: float = _DEFAULT_INTERVAL_SECONDS
    # Longer than the interval for as long as faults last, or once when the server asks for it.
    longer_pause_seconds: float = 0.0
    fault: str = ""  # the message of the last poll's fault, for the person who waits

    @property
    def pause_seconds(self) -> float:
        return max(self.interval_seconds, self.longer_pause_seconds) * _MARGIN

    def back_off(self) -> None:
        """Double the pause while faults last; then the interval counts again (RFC 8628 §3.5)."""
        doubled = 2 * max(self.interval_seconds, self.longer_pause_seconds)
        longest = max(self.interval_seconds, _LONGEST_INTERVAL_SECONDS)
        self.longer_pause_seconds = min(doubled, longest)


def start(api: Api, clock: Clock, login_options: Mapping[str, str | None]) -> PendingLogin:
    """Start a device login and return it, to be polled.

    Raise `login_failed` if the server refuses. Raise `untrusted_verification_uri` if its page is on
    another server than the person chose, which could steal the login.
    """
    form = {"client_id": CLIENT_ID, "device_name": device_name(), **login_options}
    response = api.form("/oauth/device_authorization", form)
    answer = read_object(response)
    if response.status != 200 or answer is None:
        error = (answer or {}).get("error")
        if answer is None or not isinstance(error, str):
            raise unexpected(api.host, response)
        description = clean(answer.get("error_description") or error)
        # The server begins with the field that it could not use, such as `caller_ids: …`.
        reason = re.sub(
            "^[a-z_]+", lambda field: WORDS_OF_FIELDS.get(field[0], field[0]), description
        )
        exit_code = ExitCode.UNAVAILABLE if response.status in (429, 503) else ExitCode.USAGE
        raise MobyError("login_failed", f"the login was not started: {reason}", exit_code=exit_code)
    try:
        complete_uri = answer.get("verification_uri_complete")
        pending = PendingLogin(
            device_code=str(answer["device_code"]),
            user_code=clean(answer["user_code"]),
            verification_uri=str(answer["verification_uri"]),
            verification_uri_complete=str(complete_uri) if complete_uri else None,
            expires_at=clock.now() + float(str(answer["expires_in"])),
            interval_seconds=float(str(answer.get("interval") or _DEFAULT_INTERVAL_SECONDS)),
        )
    except (KeyError, ValueError) as error:
        raise unexpected(api.host, response) from error
    if " " in pending.verification_uri or not _is_safe(pending.verification_uri, api.host):
        place = clean(urlsplit(pending.verification_uri).netloc) or "another place"
        raise MobyError(
            "untrusted_verification_uri",
            f"{api.host} wants to send you to {place} to sign in, so moby stopped",
            "Check --host and MOBY_HOST.",
        )
    if complete_uri and not _is_safe(str(complete_uri), api.host):
        pending.verification_uri_complete = None
    return pending


def _is_safe(uri: str, host: str) -> bool:
    """Return whether an address is on the server that the person chose, and hides no character."""
    return clean(uri) == uri and is_same_site(uri, host)


def poll(api: Api, pending: PendingLogin) -> dict[str, object] | None:
    """Ask once for the token, and return the answer; None while the person has not decided.

    After a fault that may pass, return None and poll less often (RFC 8628 §3.5). Raise
    `login_denied`, `login_expired`, or `login_failed` for any other error.
    """
    form = {"grant_type": _GRANT, "device_code": pending.device_code, "client_id": CLIENT_ID}
    pending.fault = ""
    try:
        response = api.form("/oauth/token", form)
    except MobyError as network_error:
        pending.fault = network_error.message
        pending.back_off()
        return None
    answer = read_object(response)
    if response.status == 200 and answer is not None and answer.get("access_token"):
        return answer
    error = str((answer or {}).get("error", ""))
    retry_after = response.headers.get("retry-after", "")
    retry_after_seconds = float(retry_after) if re.fullmatch(r"[0-9]{1,6}", retry_after) else 0.0
    if error in ("authorization_pending", "slow_down"):
        pending.longer_pause_seconds = retry_after_seconds
        if error == "slow_down":
            slower = min(pending.interval_seconds + 5, _LONGEST_INTERVAL_SECONDS)
            pending.interval_seconds = max(pending.interval_seconds, slower)
    elif response.status == 429 or response.status >= 500 or answer is None:
        pending.fault = f"{api.host} is not working at the moment (HTTP {response.status})"
        pending.back_off()
        pending.longer_pause_seconds = max(pending.longer_pause_seconds, retry_after_seconds)
    elif error == "access_denied":
        # The server may refuse the token after the approval, such as one too many.
        description = clean(answer.get("error_description") or "").rstrip(".")
        why = (
            f"the login was refused: {description}"
            if description
            else "you denied this login in the browser"
        )
        raise MobyError("login_denied", why, "Start again: moby auth login")
    elif error == "expired_token":
        raise expired()
    else:
        description = clean(answer.get("error_description") or error or "no reason was given")
        raise MobyError(
            "login_failed", f"the login ended: {description}", "Start again: moby auth login"
        )
    return None


def expired() -> MobyError:
    return MobyError(
        "login_expired", "the code ran out before it was approved", "Start again: moby auth login"
    )


class LoginFlow:
    """The device login as a person at a terminal, or a script, goes through it."""

    def __init__(self, context: Context, console: Console, api: Api, *, browser: bool) -> None:
        self._context = context
        self._console = console
        self._api = api
        self._offers_browser = browser and console.can_ask and may_open_browser(context.environ)

    def show(self, pending: PendingLogin) -> None:
        """Print the address of the page and the code, before a browser is opened."""
        say = self._console.say
        say(f"To sign in, open this page in a browser:\n\n  {pending.verification_uri}\n")
        say(f"and enter this code:\n\n  {self._console.style_err(pending.user_code, 'bold')}\n")
        if pending.verification_uri_complete:
            say(f"Or open the page with the code in it: {pending.verification_uri_complete}\n")
        if self._offers_browser:
            say("Press Enter to open the page here. Ctrl-C stops the login.")

    def wait(self, pending: PendingLogin) -> str:
        """Return the new token once a person has approved; raise if the login is denied or expired.

        Ctrl-C cancels the login at the server. If that fails, the login expires there by itself.
        """
        try:
            if not self._console.shows_live:
                self._console.remark("Waiting for the approval …")
            while self._pause(pending):
                fault_before = pending.fault
                answer = poll(self._api, pending)
                if pending.fault and not fault_before and not self._console.shows_live:
                    self._console.remark(f"{pending.fault}. Trying again …")
                if answer is not None:
                    self._console.end_live()
                    return str(answer["access_token"])
        except KeyboardInterrupt:
            self._console.end_live()
            form = {"client_id": CLIENT_ID, "device_code": pending.device_code}
            with suppress(MobyError):
                self._api.form("/oauth/device_authorization/cancel", form)
            raise
        raise expired()

    def _pause(self, pending: PendingLogin) -> bool:
        """Wait one interval by the wall clock, counting down; return False if the code expired."""
        clock = self._context.clock
        due_at = clock.now() + pending.pause_seconds
        while (now := clock.now()) < min(due_at, pending.expires_at):
            left_seconds = pending.expires_at - now
            countdown = f"Waiting for the approval, {clock_time(left_seconds)} left"
            self._console.live(f"{pending.fault}; trying again …" if pending.fault else countdown)
            is_enter_pressed = self._console.wait(min(_TICK_SECONDS, due_at - now, left_seconds))
            if not is_enter_pressed or not self._offers_browser:
                continue
            if not self._context.open_in_browser(pending.verification_uri):
                self._console.say(NO_BROWSER)
        return clock.now() < pending.expires_at


class PendingLogins:
    """Logins left with --no-wait, stored in a private file until they are resumed."""

    def __init__(self, folder: Path, profile: str, host: str) -> None:
        self._folder = folder
        self._path = folder / "pending-login.json"
        self._key = f"{profile} {host}"

    def keep(self, pending: PendingLogin, storage: str) -> None:
        with locked(self._folder):
            facts = {**asdict(pending), "storage": storage}
            write_json(self._path, {**read_json(self._path), self._key: facts})

    def load(self) -> tuple[PendingLogin, str]:
        """Return the login under way, and where its token is to be kept."""
        facts = read_json(self._path).get(self._key)
        if not isinstance(facts, dict):
            raise MobyError(
                "not_signed_in",
                "no login is under way",
                "Start one with: moby auth login --no-wait",
            )
        names = [field.name for field in fields(PendingLogin)]
        values: dict[str, Any] = {name: facts[name] for name in names if name in facts}
        return PendingLogin(**values), str(facts.get("storage", "keyring"))

    def drop(self) -> None:
        if not self._path.exists():
            return
        with locked(self._folder):
            logins = read_json(self._path)
            logins.pop(self._key, None)
            if logins:
                write_json(self._path, logins)
            else:
                remove(self._path)


def pending_document(pending: PendingLogin, clock_now: float, resume: str) -> dict[str, object]:
    """Return what a script needs to send a person to the page and come back later."""
    return {
        "verification_uri": pending.verification_uri,
        "verification_uri_complete": pending.verification_uri_complete,
        "user_code": clean(pending.user_code),
        "expires_at": from_now(pending.expires_at - clock_now, clock_now),
        "interval": pending.interval_seconds,
        "resume": resume,
    }
