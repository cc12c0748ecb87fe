"""The device login of RFC 8628, as a public client and as a person goes through it."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from moby.api.client import Api, device_name, read_object, unexpected
from moby.console import Console
from moby.context import Clock, Context, may_open_browser
from moby.errors import ExitCode, MobyError
from moby.network import Response, is_same_site
from moby.store.private_files import locked, read_json, remove, write_json
from moby.text import clean, clock_time, from_now

CLIENT_ID = "moby-cli"
_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_DEFAULT_INTERVAL_SECONDS = 5.0
# Clocks of virtual machines run up to a fifth too fast; polling early earns a slow_down.
_MARGIN = 1.2
_LONGEST_INTERVAL_SECONDS = 60.0


@dataclass
class PendingLogin:
    """A login under way. The device code is a secret: it is kept, never shown."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None
    expires_at: float
    interval: float = _DEFAULT_INTERVAL_SECONDS
    # Longer than the interval for as long as faults last, or once when the server asks for it.
    longer_pause: float = 0.0

    @property
    def pause_seconds(self) -> float:
        return max(self.interval, self.longer_pause) * _MARGIN

    def as_facts(self) -> dict[str, object]:
        return asdict(self)


def start(api: Api, clock: Clock, wishes: Mapping[str, str | None]) -> PendingLogin:
    fields = {"client_id": CLIENT_ID, "device_name": device_name(), **wishes}
    response = api.form("/oauth/device_authorization", fields)
    answer = read_object(response)
    if response.status != 200 or answer is None:
        raise _refused(api, response)
    try:
        pending = PendingLogin(
            device_code=str(answer["device_code"]),
            user_code=clean(answer["user_code"]),
            verification_uri=str(answer["verification_uri"]),
            verification_uri_complete=_optional(answer.get("verification_uri_complete")),
            expires_at=clock.now() + float(str(answer["expires_in"])),
            interval=float(str(answer.get("interval") or _DEFAULT_INTERVAL_SECONDS)),
        )
    except (KeyError, ValueError) as error:
        raise unexpected(api.host, response) from error
    return _trusted(pending, api.host)


def poll(api: Api, pending: PendingLogin) -> dict[str, object] | None:
    """Ask once. The token's answer, or None while nobody has decided; slows down when told to."""
    fields = {
        "grant_type": _GRANT,
        "device_code": pending.device_code,
        "client_id": CLIENT_ID,
    }
    try:
        response = api.form("/oauth/token", fields)
    except MobyError:
        _back_off(pending)
        return None
    answer = read_object(response)
    if response.status == 200 and answer is not None and answer.get("access_token"):
        return answer
    _consider(api, pending, response, answer)
    return None


def cancel(api: Api, pending: PendingLogin) -> None:
    """Tell the server that nobody waits any more; it is only a courtesy, so failures pass."""
    fields = {"client_id": CLIENT_ID, "device_code": pending.device_code}
    try:
        api.form("/oauth/device_authorization/cancel", fields)
    except MobyError:
        return


def _consider(
    api: Api, pending: PendingLogin, response: Response, answer: dict[str, object] | None
) -> None:
    """Go on after a passing trouble, end the login at anything else (RFC 8628 §3.5)."""
    error = str((answer or {}).get("error", ""))
    retry_after = response.headers.get("retry-after", "")
    asked = float(retry_after) if re.fullmatch(r"[0-9]{1,6}", retry_after) else 0.0
    if error in ("authorization_pending", "slow_down"):
        pending.longer_pause = asked
        if error == "slow_down":
            slower = min(pending.interval + 5, _LONGEST_INTERVAL_SECONDS)
            pending.interval = max(pending.interval, slower)
    elif response.status == 429 or response.status >= 500 or answer is None:
        _back_off(pending)
        pending.longer_pause = max(pending.longer_pause, asked)
    else:
        raise _ended(error, answer)


def _back_off(pending: PendingLogin) -> None:
    """RFC 8628 §3.5: exponential while the trouble lasts; then the interval counts again."""
    doubled = 2 * max(pending.interval, pending.longer_pause)
    pending.longer_pause = min(doubled, max(pending.interval, _LONGEST_INTERVAL_SECONDS))


def expired() -> MobyError:
    return MobyError(
        "login_expired", "the code ran out before it was approved", "Start again: moby auth login"
    )


def _ended(error: str, answer: dict[str, object]) -> MobyError:
    if error == "access_denied":
        return MobyError("login_denied", "the login was denied in the browser")
    if error == "expired_token":
        return expired()
    said = clean(answer.get("error_description") or error or "no reason was given")
    return MobyError("login_failed", f"the login ended: {said}", "Start again: moby auth login")


def _refused(api: Api, response: Response) -> MobyError:
    answer = read_object(response)
    error = answer.get("error") if answer else None
    if answer is None or not isinstance(error, str):
        return unexpected(api.host, response)
    said = clean(answer.get("error_description") or error)
    code = ExitCode.UNAVAILABLE if response.status in (429, 503) else ExitCode.USAGE
    return MobyError("login_failed", f"the login was not started: {said}", exit_code=code)


def _trusted(pending: PendingLogin, host: str) -> PendingLogin:
    """Refuse to send a person anywhere but to the server they chose."""
    uri = pending.verification_uri
    if clean(uri) != uri or " " in uri or not is_same_site(uri, host):
        shown = clean(urlsplit(uri).netloc) or "another place"
        raise MobyError(
            "untrusted_verification_uri",
            f"{host} wants to send you to {shown} to sign in, so moby stopped",
            "Check --host and MOBY_HOST.",
        )
    complete = pending.verification_uri_complete
    if complete and (clean(complete) != complete or not is_same_site(complete, host)):
        pending.verification_uri_complete = None
    return pending


def _optional(value: object) -> str | None:
    return str(value) if value else None


class PendingLogins:
    def __init__(self, folder: Path, profile: str, host: str) -> None:
        self._folder = folder
        self._path = folder / "pending-login.json"
        self._key = f"{profile} {host}"

    def keep(self, pending: PendingLogin, storage: str) -> None:
        with locked(self._folder):
            facts = {**pending.as_facts(), "storage": storage}
            write_json(self._path, {**read_json(self._path), self._key: facts})

    def load(self) -> tuple[PendingLogin, str]:
        """The login under way, and where its token is to be kept."""
        facts = read_json(self._path).get(self._key)
        if not isinstance(facts, dict):
            raise MobyError(
                "not_signed_in",
                "no login is under way",
                "Start one with: moby auth login --no-wait",
            )
        names = [field.name for field in fields(PendingLogin)]
        known: dict[str, Any] = {name: facts[name] for name in names if name in facts}
        return PendingLogin(**known), str(facts.get("storage", "keyring"))

    def drop(self) -> None:
        if not self._path.exists():
            return
        with locked(self._folder):
            kept = read_json(self._path)
            kept.pop(self._key, None)
            if kept:
                write_json(self._path, kept)
            else:
                remove(self._path)


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
            cancel(self._api, pending)
            raise

    def _poll_to_the_end(self, pending: PendingLogin) -> str:
        if not self._console.shows_live:
            self._console.note("Waiting for the approval …")
        while self._pause(pending):
            answer = poll(self._api, pending)
            if answer is not None:
                self._console.end_live()
                return str(answer["access_token"])
        raise expired()

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
